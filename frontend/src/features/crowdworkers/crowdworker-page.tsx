import { Anchor, Badge, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import { useCrowdworker } from '@/api/crowdworkers'
import { useFigure } from '@/api/dashboard'
import type { Crowdworker } from '@/api/types'
import { moment } from '@/components/duration'
import { FigureView } from '@/components/figure-view'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { Acts } from './acts'
import classes from './crowdworkers.module.css'
import { Marks } from './marks'
import { ShareCell, Strengths } from './shares'
import { Tasks } from './tasks'
import { percent, words } from './words'
import { LatestConversations, LatestReviews, Work } from './work'

const FIGURES = ['crowdworker-volume', 'crowdworker-seconds']

/** One crowdworker: how they choose, over time, and what to decide about them. */
export function CrowdworkerPage() {
  const { id = '' } = useParams()
  return (
    <Stack gap="lg">
      <Anchor component={Link} to="/admin/crowdworkers" size="sm" w="fit-content">
        ← {words.back}
      </Anchor>
      <QueryView query={useCrowdworker(id)}>
        {(person) => (
          <>
            <Head person={person} />
            <Tiles person={person} />
            <Acts person={person} />
            {person.comparisons > 0 && (
              <>
                <SimpleGrid cols={{ base: 1, lg: 2 }}>
                  {FIGURES.map((name) => (
                    <OneFigure key={name} name={name} crowdworker={person.username} />
                  ))}
                </SimpleGrid>
                <OneFigure name="crowdworker-habits" crowdworker={person.username} />
              </>
            )}
            <Tasks person={person} />
            <LatestConversations person={person} />
            <LatestReviews person={person} />
            <Work person={person} />
          </>
        )}
      </QueryView>
    </Stack>
  )
}

function OneFigure({ name, crowdworker }: { name: string; crowdworker: string }) {
  const asked = { crowdworker }
  return (
    <QueryView query={useFigure(name, asked)}>
      {(figure) => <FigureView figure={figure} asked={asked} />}
    </QueryView>
  )
}

function Head({ person }: { person: Crowdworker }) {
  return (
    <div>
      <Group gap="sm" align="center">
        <PageHead title={person.username} />
        <Badge variant="light">{words.roles[person.role]}</Badge>
        <Marks person={person} />
      </Group>
      <Text c="dimmed" size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
        {[
          words.since(moment(person.created_at)),
          person.platform && words.platformId(words.platform[person.platform], person.external_id ?? ''),
          person.exposure > 0 && words.exposure(person.exposure),
        ]
          .filter(Boolean)
          .join(' · ')}
      </Text>
    </div>
  )
}

function Tiles({ person }: { person: Crowdworker }) {
  return (
    <div className={classes.tiles}>
      <Tile label={words.choices} value={person.comparisons.toLocaleString()}>
        {words.conversations(person.conversations)}
        {person.of_all !== null && `, ${words.ofAll(person.of_all)}`}
      </Tile>
      <Tile label={words.thisWeek} value={person.week.toLocaleString()}>
        {person.last_at && words.lastChoice(moment(person.last_at))}
      </Tile>
      <Tile label={words.median} value={person.seconds === null ? '–' : words.time(person.seconds)} />
      <Tile label={words.strengthUse} value={<Strengths counts={person.strengths} />} />
      <Tile label={words.columns.position} value={<ShareCell share={person.position} fair={0.5} />} />
      <Tile
        label={words.withResearchers}
        value={<ShareCell share={person.researchers} few={words.reviews(person.reviews)} />}
      />
      <Tile label={words.withPm} value={<ShareCell share={person.pm} />}>
        {words.pmHelp}
      </Tile>
      {person.checks > 0 && (
        <Tile label={words.checks} value={percent(person.checks_right / person.checks)}>
          {words.checksOf(person.checks_right, person.checks)}
        </Tile>
      )}
    </div>
  )
}

function Tile({ label, value, children }: { label: string; value: ReactNode; children?: ReactNode }) {
  return (
    <div className={classes.tile}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <div className={classes.value}>{value}</div>
      {children && (
        <Text size="xs" c="dimmed">
          {children}
        </Text>
      )}
    </div>
  )
}
