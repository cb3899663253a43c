import { ScrollArea, Table, Text } from '@mantine/core'
import type { SnapshotPage } from '@/api/types'
import { moment } from '@/components/duration'
import classes from './snapshots.module.css'
import { words } from './words'

const { page: text } = words

/** When a snapshot answered, where, and with which share. */
export function Terms({ terms }: { terms: SnapshotPage['terms'] }) {
  if (terms.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {text.noTerms}
      </Text>
    )
  }
  return (
    <ScrollArea viewportProps={{ tabIndex: 0 }}>
      <Table verticalSpacing={6} fz="sm" miw={520}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.task}</Table.Th>
            <Table.Th ta="end">{text.generation}</Table.Th>
            <Table.Th ta="end">{text.share}</Table.Th>
            <Table.Th>{text.from}</Table.Th>
            <Table.Th>{text.until}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {terms.map((term) => (
            <Table.Tr key={`${term.task}-${term.generation}-${term.best_of}`}>
              <Table.Td>
                {term.task ?? words.scoringPm}
                {term.best_of > 1 && ` · ${words.best(term.best_of)}`}
              </Table.Td>
              <Table.Td className={classes.number}>{term.generation}</Table.Td>
              <Table.Td className={classes.number}>
                {term.share} %{term.full_share != null && ` (${words.canaryOf(term.full_share)})`}
              </Table.Td>
              <Table.Td className={classes.whole}>{moment(term.since)}</Table.Td>
              <Table.Td className={classes.whole}>{term.until ? moment(term.until) : text.now}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}
