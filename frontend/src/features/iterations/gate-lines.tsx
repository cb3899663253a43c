import { Badge, Table, Text } from '@mantine/core'
import type { Stage } from '@/api/types'
import { statusColor } from '@/components/status-color'
import classes from './gate-lines.module.css'
import { words } from './words'

interface GateLine {
  check: string
  verdict: string
  value: number | null
  limit: number | null
  sentence: string
}

/** The lines in a gate stage's result, which is free-form JSON in the contract. */
export function gateLines(stages: Stage[]): GateLine[] {
  const lines = stages.find((stage) => stage.stage === 'gate')?.result?.lines
  return Array.isArray(lines) ? (lines as GateLine[]) : []
}

/** The gate's verdict, point by point: what was measured, what is allowed, and what follows. */
export function GateLines({ lines }: { lines: GateLine[] }) {
  return (
    <Table verticalSpacing="sm" className={classes.lines}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{words.check}</Table.Th>
          <Table.Th>{words.measured}</Table.Th>
          <Table.Th>{words.allowed}</Table.Th>
          <Table.Th>{words.verdict}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line) => {
          const known = words.checks[line.check]
          return (
            <Table.Tr key={line.check} data-verdict={line.verdict}>
              <Table.Th scope="row">
                <Text size="sm" fw={600}>
                  {known?.title ?? line.check}
                </Text>
                <Text size="sm" c="dimmed">
                  {line.sentence}
                </Text>
              </Table.Th>
              <Table.Td data-label={words.measured}>{amount(line.value, known?.unit)}</Table.Td>
              <Table.Td data-label={words.allowed}>
                {line.limit != null && `${side(line, known?.side)} ${amount(line.limit, known?.unit)}`}
              </Table.Td>
              <Table.Td>
                <Badge color={statusColor(line.verdict)} variant="light" miw="max-content">
                  {words.verdicts[line.verdict] ?? line.verdict}
                </Badge>
              </Table.Td>
            </Table.Tr>
          )
        })}
      </Table.Tbody>
    </Table>
  )
}

const NUMBERS = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 })

function amount(value: number | null, unit: string | undefined): string {
  if (value == null) return '–'
  return `${NUMBERS.format(value).replace('-', '−')}${unit ? ` ${unit}` : ''}`
}

/** A length may fail on either side: its line then holds the limit that it broke, and else the upper one. */
function side({ value, limit, verdict }: GateLine, known: 'least' | 'most' | undefined): string {
  if (known) return words.sides[known]
  const isShort = verdict === 'fail' && value != null && limit != null && value < limit
  return isShort ? words.sides.least : words.sides.most
}
