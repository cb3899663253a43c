import { Anchor, Group, NativeSelect, Stack, Text } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { useFigure } from '@/api/dashboard'
import { useLeaderboard } from '@/api/leaderboard'
import type { Leaderboard } from '@/api/types'
import { FigureView } from '@/components/figure-view'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { Fitted } from './fitted'
import { Standings } from './standings'
import { words } from './words'

const FIGURES = ['elo', 'elo-four-ways', 'win-matrix']

/** How the policies stand against each other; the address holds the task and the week. */
export function LeaderboardPage() {
  const [address] = useSearchParams()
  const query = useLeaderboard(address.get('task'), address.get('week'))
  return (
    <Stack gap="lg">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={query}>
        {(leaderboard) => (
          <>
            <Fitted leaderboard={leaderboard} />
            {leaderboard.board ? <Ranked leaderboard={leaderboard} /> : <NothingToRank />}
          </>
        )}
      </QueryView>
    </Stack>
  )
}

function NothingToRank() {
  return (
    <Notice tone="info" role="status" title={words.none}>
      <Text size="sm">
        {words.noneWhy}{' '}
        <Anchor component={Link} to="/admin/deployments" inherit>
          {words.toDeployments}
        </Anchor>
      </Text>
    </Notice>
  )
}

function Ranked({ leaderboard }: { leaderboard: Leaderboard }) {
  const { boards, board, task, week } = leaderboard
  const entry = boards.find((one) => one.task === task)
  return (
    <>
      <Choices leaderboard={leaderboard} />
      {entry?.kind === 'red-team' && (
        <Text size="sm" c="dimmed" maw="46rem">
          {words.redTeam}
        </Text>
      )}
      {board && <Standings board={board} />}
      {FIGURES.filter((name) => name !== 'elo-four-ways' || week === null).map((name) => (
        <OneFigure key={name} name={name} leaderboard={leaderboard} />
      ))}
    </>
  )
}

function Choices({ leaderboard: { boards, task, week } }: { leaderboard: Leaderboard }) {
  const [, setAddress] = useSearchParams()
  const go = (to: { task: string; week?: string }) =>
    setAddress({ task: to.task, ...(to.week && { week: to.week }) }, { replace: true })
  const weeks = boards.find((one) => one.task === task)?.weeks ?? []
  return (
    <Group align="end">
      <NativeSelect
        label={words.task}
        value={task ?? ''}
        onChange={(event) => go({ task: event.currentTarget.value })}
        data={boards.map((one) => ({ value: one.task, label: one.title }))}
      />
      <NativeSelect
        label={words.week}
        value={week ?? ''}
        onChange={(event) => go({ task: task ?? '', week: event.currentTarget.value })}
        data={[
          { value: '', label: words.allWeeks },
          ...weeks.map((monday) => ({ value: monday, label: words.weekOf(day(monday)) })),
        ]}
      />
    </Group>
  )
}

function OneFigure({ name, leaderboard: { task, week, fit } }: { name: string; leaderboard: Leaderboard }) {
  const asked = { task, week, of: fit?.id ?? '' }
  return (
    <QueryView query={useFigure(name, asked)}>
      {(figure) => <FigureView figure={figure} asked={asked} />}
    </QueryView>
  )
}

function day(monday: string): string {
  return new Date(monday).toLocaleDateString(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
}
