import { Badge, Group, Paper, Stack, Table, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useTimeline } from '@/api/iterations'
import type { TimelineWeek } from '@/api/types'
import { duration } from '@/components/duration'
import { Loading } from '@/components/loading'
import { NextPage } from '@/components/next-page'
import { ProblemAlert } from '@/components/problem-alert'
import { stageNames } from '@/components/stage-names'
import { statusColor } from '@/components/status-color'
import { number } from './quantities'
import classes from './weeks.module.css'
import { words } from './words'

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

/** Every week one below the other, the newest first: what it froze, what it made, and how that did. */
export function Weeks() {
  const query = useTimeline()
  if (query.error && !query.data) {
    return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
  }
  if (!query.data) return <Loading />
  const weeks = query.data.pages.flatMap((page) => page.weeks)
  if (weeks.length === 0) return <Text c="dimmed">{words.none}</Text>
  return (
    <Stack gap="sm">
      <Paper withBorder className={classes.paper}>
        <Table className={classes.weeks} verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.week}</Table.Th>
              <Table.Th ta="end">{words.froze}</Table.Th>
              <Table.Th ta="end">{words.pmAccuracy}</Table.Th>
              <Table.Th ta="end">{words.kl}</Table.Th>
              <Table.Th ta="end">{words.elo}</Table.Th>
              <Table.Th ta="end">{words.atWork}</Table.Th>
              <Table.Th>{words.startedHead}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {weeks.map((week) => (
              <Row key={week.id} week={week} />
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <Group>
        <NextPage query={query} label={words.earlier} />
        <Text size="sm" c="dimmed" role="status">
          {words.shownOf(weeks.length, query.data.pages[0]?.count ?? weeks.length)}
        </Text>
      </Group>
    </Stack>
  )
}

function Row({ week }: { week: TimelineWeek }) {
  const elo = week.policy?.elo ?? []
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.week} data-status={week.status}>
        <Group gap="xs">
          <Link to={`/admin/iterations/${week.id}`} className={classes.link}>
            {week.name}
          </Link>
          <Badge color={statusColor(week.status)} variant="light">
            {words.statuses[week.status]}
          </Badge>
        </Group>
        {(week.reason || endedAt(week)) && (
          <Text size="xs" c="dimmed" className={classes.reason} title={week.reason ?? undefined}>
            {endedAt(week)}
            {week.reason}
          </Text>
        )}
      </Table.Th>
      <Cell label={words.froze} empty={week.comparisons_new == null}>
        +{week.comparisons_new?.toLocaleString()}
        <Small>{words.inAll(week.comparisons ?? 0)}</Small>
      </Cell>
      <Cell label={words.pmAccuracy} empty={!week.pm}>
        {week.pm && percent(week.pm.accuracy)}
        {week.pm?.low != null && week.pm.high != null && (
          <Small>
            {percent(week.pm.low)} – {percent(week.pm.high)}
          </Small>
        )}
      </Cell>
      <Cell label={words.kl} empty={week.policy?.kl == null}>
        {week.policy?.kl != null && `${number(week.policy.kl)} ${words.nats}`}
      </Cell>
      <Cell label={words.elo} empty={elo.length === 0}>
        {elo.map((one) => (
          <div key={one.task}>
            {Math.round(one.elo).toLocaleString().replace('-', '−')}
            {one.low != null && one.high != null && ` ± ${Math.round((one.high - one.low) / 2)}`}
            <Small>{one.task}</Small>
          </div>
        ))}
      </Cell>
      <Cell label={words.atWork} empty={week.seconds == null}>
        {week.seconds != null && duration(week.seconds)}
        <Small>{week.preset}</Small>
      </Cell>
      <Table.Td data-label={words.startedHead}>
        <span className={classes.small}>{DAY.format(new Date(week.created_at))}</span>
        <Small>{words.startedAt(TIME.format(new Date(week.created_at)), week.started_by)}</Small>
      </Table.Td>
    </Table.Tr>
  )
}

interface CellProps {
  label: string
  empty: boolean
  children: React.ReactNode
}

function Cell({ label, empty, children }: CellProps) {
  return (
    <Table.Td className={classes.number} data-label={label} data-empty={empty || undefined}>
      {empty ? '–' : children}
    </Table.Td>
  )
}

function Small({ children }: { children: React.ReactNode }) {
  return (
    <Text size="xs" c="dimmed" className={classes.small}>
      {children}
    </Text>
  )
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** Where it stands or stopped, for one that did not come to its end. */
function endedAt({ status, stage }: TimelineWeek): string {
  const isWhole = status === 'deployed' || status === 'held' || status === 'skipped'
  return stage && !isWhole ? `${stageNames[stage] ?? stage}. ` : ''
}
