import { Paper, ScrollArea, Table, Text } from '@mantine/core'
import type { Collected, Counts } from '@/api/types'
import classes from './came-in.module.css'
import { Part } from './part'
import { words } from './words'

const count = (value: number) => value.toLocaleString()

/** What crowdworkers chose and files brought: today, and this week beside the last one. */
export function CameIn({ collected }: { collected: Collected }) {
  const { by_task: tasks, by_kind: kinds } = collected
  return (
    <Part title={words.cameIn} more={{ to: '/admin/conversations', label: words.conversations }}>
      {collected.all.total === 0 ? (
        <Text size="sm" c="dimmed">
          {words.nothingCameIn}
        </Text>
      ) : (
        <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
          <Table verticalSpacing={6} miw={420} className={classes.table}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.comparisons}</Table.Th>
                <Table.Th>{words.today}</Table.Th>
                <Table.Th>{words.thisWeek}</Table.Th>
                <Table.Th>{words.lastWeek}</Table.Th>
                <Table.Th>{words.everything}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              <Line name={words.together} counts={collected.all} strong />
            </Table.Tbody>
            <Lines title={words.byTask} lines={tasks} />
            <Lines title={words.byKind} lines={kinds} />
          </Table>
        </Paper>
      )}
      <Text size="sm" c="dimmed">
        {words.sinceTranche(count(collected.new))} · {words.whoChose(collected.crowdworkers)} ·{' '}
        {words.assignments(collected.assignments_open)}
      </Text>
    </Part>
  )
}

function Lines({ title, lines }: { title: string; lines: Record<string, Counts> }) {
  return (
    <Table.Tbody>
      <Table.Tr>
        <Table.Th colSpan={5} scope="rowgroup" className={classes.group}>
          {title}
        </Table.Th>
      </Table.Tr>
      {Object.entries(lines).map(([name, counts]) => (
        <Line key={name} name={name} counts={counts} />
      ))}
    </Table.Tbody>
  )
}

function Line({ name, counts, strong }: { name: string; counts: Counts; strong?: boolean }) {
  return (
    <Table.Tr {...(strong && { fw: 650 })}>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td>{count(counts.today)}</Table.Td>
      <Table.Td>{count(counts.this_week)}</Table.Td>
      <Table.Td>{count(counts.last_week)}</Table.Td>
      <Table.Td>{count(counts.total)}</Table.Td>
    </Table.Tr>
  )
}
