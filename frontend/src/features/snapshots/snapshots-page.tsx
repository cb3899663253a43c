import { Badge, Group, Paper, ScrollArea, Stack, Table, Text, Title } from '@mantine/core'
import { useSnapshots } from '@/api/snapshots'
import type { Snapshot } from '@/api/types'
import { moment } from '@/components/duration'
import { QueryView } from '@/components/query-view'
import classes from './snapshots-page.module.css'
import { words } from './words'

export function SnapshotsPage() {
  return (
    <Stack>
      <div>
        <Title order={1} size="h2">
          {words.snapshots}
        </Title>
        <Text c="dimmed">{words.snapshotsLead}</Text>
      </div>
      <QueryView query={useSnapshots()}>
        {(rows) => (rows.length === 0 ? <Text c="dimmed">{words.noSnapshots}</Text> : <Rows rows={rows} />)}
      </QueryView>
    </Stack>
  )
}

function Rows({ rows }: { rows: Snapshot[] }) {
  return (
    <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
      <Table verticalSpacing="sm" miw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.name}</Table.Th>
            <Table.Th>{words.kind}</Table.Th>
            <Table.Th>{words.deployedFor}</Table.Th>
            <Table.Th>{words.metrics}</Table.Th>
            <Table.Th>{words.iteration}</Table.Th>
            <Table.Th>{words.made}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td fw={600} className={classes.whole}>
                {row.name}
              </Table.Td>
              <Table.Td>{words.kinds[row.kind]}</Table.Td>
              <Table.Td>
                <Group gap={4}>
                  {row.deployed.map(({ task, share }) => (
                    <Badge key={task ?? ''} variant="light">
                      {task ? `${task} ${share} %` : words.scoring}
                    </Badge>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {numbers(row.metrics)}
                </Text>
              </Table.Td>
              <Table.Td className={classes.whole}>{row.iteration ?? words.initial}</Table.Td>
              <Table.Td className={classes.whole}>{moment(row.created_at)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}

/** The plain numbers of a manifest's metrics, in one line. */
function numbers(metrics: Snapshot['metrics']): string {
  return Object.entries(metrics)
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .slice(0, 4)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
    .join(' · ')
}
