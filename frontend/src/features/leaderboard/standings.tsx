import { Badge, Group, Paper, ScrollArea, Stack, Table, Text, Title } from '@mantine/core'
import type { Board, Elo, Standing } from '@/api/types'
import classes from './standings.module.css'
import { words } from './words'

const whole = (value: number) => Math.round(value).toLocaleString().replace('-', '−')

/** What all intervals are drawn on; the initial policy's 0 is within. */
interface Scale {
  from: number
  to: number
}

/** A line per policy, the strongest first; those without an Elo last, with the reason. */
export function Standings({ board }: { board: Board }) {
  const lines = [...board.standings].sort((a, b) => (b.elo?.elo ?? -Infinity) - (a.elo?.elo ?? -Infinity))
  const hasPm = board.pm !== null
  const ends = lines.flatMap(({ elo }) => (elo ? [elo.low ?? elo.elo, elo.high ?? elo.elo] : []))
  const scale = { from: Math.min(0, ...ends), to: Math.max(0, ...ends) }
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {words.standings}
      </Title>
      <Text size="sm" c="dimmed">
        {words.of(board.comparisons, board.crowdworkers)}; {words.effective(board.effective)}.
      </Text>
      <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
        <Table verticalSpacing="xs" miw={hasPm ? 880 : 800} className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.policy}</Table.Th>
              <Table.Th ta="end">{words.elo}</Table.Th>
              <Table.Th title={words.intervalHelp}>{words.interval}</Table.Th>
              <Table.Th ta="end">{words.equalLength}</Table.Th>
              {hasPm && <Table.Th ta="end">{words.byPm}</Table.Th>}
              <Table.Th ta="end">{words.againstInitial}</Table.Th>
              <Table.Th ta="end">{words.comparisons}</Table.Th>
              <Table.Th ta="end">{words.crowdworkers}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => (
              <Line key={`${line.snapshot}-${line.best_of}`} line={line} hasPm={hasPm} scale={scale} />
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <Text size="xs" c="dimmed">
        {board.length_effect == null ? words.noLength : words.lengthHelp(board.length_effect)}
      </Text>
      {board.pm && (
        <Text size="xs" c="dimmed">
          {words.pmHelp(board.pm, board.scored)}
        </Text>
      )}
    </Stack>
  )
}

function Line({ line, hasPm, scale }: { line: Standing; hasPm: boolean; scale: Scale }) {
  const isInitial = line.snapshot === 'initial' && line.best_of === 1
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" fw={600} className={classes.whole}>
            {line.snapshot}
          </Text>
          {line.best_of > 1 && <Badge variant="light">{words.best(line.best_of)}</Badge>}
        </Group>
      </Table.Th>
      {line.elo ? (
        <>
          <Table.Td ta="end" fw={600}>
            {whole(line.elo.elo)}
          </Table.Td>
          <Table.Td>
            {!isInitial && <Interval elo={line.elo} sandwich={line.sandwich} scale={scale} />}
          </Table.Td>
          <Table.Td ta="end">{line.equal_length ? whole(line.equal_length.elo) : '–'}</Table.Td>
        </>
      ) : (
        <Table.Td colSpan={3}>
          <Text size="sm" c="dimmed">
            {words.notEnough}: {line.missing}
          </Text>
        </Table.Td>
      )}
      {hasPm && (
        <Table.Td ta="end">{line.by_pm_probability != null ? whole(line.by_pm_probability) : '–'}</Table.Td>
      )}
      <Table.Td ta="end" className={classes.whole}>
        {isInitial || line.met_initial === 0
          ? '–'
          : words.wins(Math.round((100 * line.beat_initial) / line.met_initial), line.met_initial)}
      </Table.Td>
      <Table.Td ta="end">{line.comparisons.toLocaleString()}</Table.Td>
      <Table.Td ta="end">{line.crowdworkers.toLocaleString()}</Table.Td>
    </Table.Tr>
  )
}

/** In words, and as a line on a scale that all rows share. */
function Interval({ elo, sandwich, scale }: { elo: Elo; sandwich: Elo | null; scale: Scale }) {
  if (elo.low == null || elo.high == null) {
    return (
      <Text size="sm" c="dimmed" title={words.tooFewHelp}>
        {words.tooFew}
      </Text>
    )
  }
  const at = (value: number) => (100 * (value - scale.from)) / (scale.to - scale.from || 1)
  return (
    <Group
      gap="sm"
      wrap="nowrap"
      {...(sandwich?.low != null &&
        sandwich.high != null && { title: words.sandwich(whole(sandwich.low), whole(sandwich.high)) })}
    >
      <Text size="sm" className={classes.words}>
        {whole(elo.low)} to {whole(elo.high)}
      </Text>
      <span className={classes.scale} aria-hidden>
        <span className={classes.initial} style={{ insetInlineStart: `${at(0)}%` }} />
        <span
          className={classes.range}
          style={{ insetInlineStart: `${at(elo.low)}%`, width: `${at(elo.high) - at(elo.low)}%` }}
        />
        <span className={classes.point} style={{ insetInlineStart: `${at(elo.elo)}%` }} />
      </span>
    </Group>
  )
}
