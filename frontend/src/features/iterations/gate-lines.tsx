import { Badge, Table, Text } from '@mantine/core'
import type { Stage } from '@/api/types'
import { statusColor } from '@/components/status-color'
import { words } from './words'

interface GateLine {
  check: string
  verdict: string
  sentence: string
}

/** The lines in a gate stage's result, which is free-form JSON in the contract. */
export function gateLines(stages: Stage[]): GateLine[] {
  const lines = stages.find((stage) => stage.stage === 'gate')?.result?.lines
  return Array.isArray(lines) ? (lines as GateLine[]) : []
}

/** The gate's verdict, point by point. */
export function GateLines({ lines }: { lines: GateLine[] }) {
  return (
    <Table verticalSpacing="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{words.check}</Table.Th>
          <Table.Th>{words.verdict}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line) => (
          <Table.Tr key={line.check}>
            <Table.Td>
              <Text size="sm" fw={550}>
                {line.check}
              </Text>
              <Text size="sm" c="dimmed">
                {line.sentence}
              </Text>
            </Table.Td>
            <Table.Td>
              <Badge color={statusColor(line.verdict)} variant="light" miw="max-content">
                {words.verdicts[line.verdict] ?? line.verdict}
              </Badge>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
