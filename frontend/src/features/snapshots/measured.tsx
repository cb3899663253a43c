import { ScrollArea, Stack, Table, Text } from '@mantine/core'
import type { SnapshotPage } from '@/api/types'
import { moment } from '@/components/duration'
import { named, shown } from './quantities'
import classes from './snapshots.module.css'
import { words } from './words'

const { page: text } = words

type Line = SnapshotPage['evaluations'][number]['measured'][number]

/** What its newest evaluation measured, else what its training wrote into the manifest. */
export function Measured({ page, isInitial }: { page: SnapshotPage; isInitial: boolean }) {
  const { kind, metrics } = page.snapshot
  const [newest] = page.evaluations
  if (newest) {
    return (
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          {[newest.iteration, text.of[kind](newest.of), moment(newest.created_at)]
            .filter(Boolean)
            .join(' · ')}
        </Text>
        <Lines lines={newest.measured} against={text.against[kind]} />
      </Stack>
    )
  }
  const written = Object.entries(metrics).flatMap(([quantity, value]) =>
    typeof value === 'number' ? [{ quantity, value }] : [],
  )
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {isInitial ? text.isInitial : text.neverEvaluated}
      </Text>
      {written.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            {text.training}
          </Text>
          <Lines lines={written} against="" />
        </>
      )}
    </Stack>
  )
}

function Lines({ lines, against }: { lines: Line[]; against: string }) {
  const hasInterval = lines.some((line) => line.low != null)
  const hasAgainst = lines.some((line) => line.against != null)
  return (
    <ScrollArea viewportProps={{ tabIndex: 0 }}>
      <Table verticalSpacing={6} fz="sm" miw={400}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{text.quantity}</Table.Th>
            <Table.Th ta="end">{text.value}</Table.Th>
            {hasInterval && <Table.Th ta="end">{text.interval}</Table.Th>}
            {hasAgainst && <Table.Th ta="end">{against}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line) => (
            <Table.Tr key={line.quantity}>
              <Table.Td>{named(line.quantity)}</Table.Td>
              <Table.Td className={classes.number}>{shown(line.quantity, line.value)}</Table.Td>
              {hasInterval && (
                <Table.Td className={classes.number}>
                  {line.low != null &&
                    line.high != null &&
                    `${shown(line.quantity, line.low)} to ${shown(line.quantity, line.high)}`}
                </Table.Td>
              )}
              {hasAgainst && (
                <Table.Td className={classes.number}>
                  {line.against != null && shown(line.quantity, line.against)}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}
