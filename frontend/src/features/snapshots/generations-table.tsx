import { ScrollArea, Table } from '@mantine/core'
import type { Generation } from '@/api/types'
import { moment } from '@/components/duration'
import classes from './snapshots.module.css'
import { words } from './words'

/** Who deployed what, when and why, newest first. */
export function GenerationsTable({ generations }: { generations: Generation[] }) {
  return (
    <ScrollArea viewportProps={{ tabIndex: 0 }}>
      <Table verticalSpacing={6} fz="sm" miw={760}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th ta="end">{words.page.generation}</Table.Th>
            <Table.Th>{words.when}</Table.Th>
            <Table.Th>{words.page.share}</Table.Th>
            <Table.Th>{words.did}</Table.Th>
            <Table.Th>{words.who}</Table.Th>
            <Table.Th>{words.why}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {generations.map((row) => (
            <Table.Tr key={row.generation}>
              <Table.Td className={classes.number}>{row.generation}</Table.Td>
              <Table.Td className={classes.whole}>{moment(row.created_at)}</Table.Td>
              <Table.Td>
                {row.deployments
                  .map(
                    (line) =>
                      `${line.snapshot} ${line.share} %${line.best_of > 1 ? ` (${words.best(line.best_of)})` : ''}`,
                  )
                  .join(' · ')}
              </Table.Td>
              <Table.Td>
                {(row.action && words.actions[row.action]) ?? ''}
                {row.canary && ` (${words.canary.toLowerCase()})`}
              </Table.Td>
              <Table.Td>{row.created_by ?? row.iteration ?? words.byLoop}</Table.Td>
              <Table.Td>{row.reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}
