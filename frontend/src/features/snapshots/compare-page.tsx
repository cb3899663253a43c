import { ActionIcon, Anchor, Button, Group, NativeSelect, Paper, Stack, Text, Title } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { useSession } from '@/api/session'
import { useOpenSamples, useSamples, useSnapshotNames } from '@/api/snapshots'
import type { SampledPrompt, SideBySide } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { ScoreStrip } from './score-strip'
import classes from './snapshots.module.css'
import { words } from './words'

const { side: text } = words

/** Two snapshots on the same prompts; the address says which two, so that it can be shared. */
export function ComparePage() {
  const [address] = useSearchParams()
  const asked = { a: address.get('a'), b: address.get('b') }
  return (
    <Stack gap="lg">
      <PageHead title={text.title} lead={text.lead} />
      <QueryView query={useSamples(asked)}>
        {(found) => <Compared key={`${found.a} ${found.b}`} found={found} />}
      </QueryView>
    </Stack>
  )
}

function Compared({ found }: { found: SideBySide }) {
  const opening = useOpenSamples()
  const { a, b, only_a, only_b, missing, prompts } = opening.data ?? found
  const covered = prompts.filter((one) => one.covered).length
  const hasTwoPms = prompts.some((one) => one.a.pm !== one.b.pm)
  const notes = [
    only_a > 0 && text.only(a, only_a),
    only_b > 0 && text.only(b, only_b),
    hasTwoPms && text.otherScales,
  ].filter(Boolean)
  return (
    <>
      <Choice a={a} b={b} />
      {missing && (
        <Notice tone="info" role="status">
          {missing}
        </Notice>
      )}
      {!missing && notes.length > 0 && (
        <Text size="sm" c="dimmed">
          {notes.join(' ')}
        </Text>
      )}
      {covered > 0 && (
        <Cover
          count={covered}
          opening={opening.isPending}
          error={opening.error}
          onOpen={() => opening.mutate({ a, b })}
        />
      )}
      {prompts.map((one, at) => (
        <Pair key={one.id} pair={one} names={[a, b]} title={text.prompt(at + 1, prompts.length)} />
      ))}
    </>
  )
}

function Choice({ a, b }: { a: string; b: string }) {
  const [, setAddress] = useSearchParams()
  const names = useSnapshotNames().data ?? []
  const sampled = names.filter((row) => row.sampled).map((row) => row.name)
  const go = (first: string, second: string) => setAddress({ a: first, b: second })
  const choices = (chosen: string) => (sampled.includes(chosen) ? sampled : [chosen, ...sampled])
  return (
    <Group align="flex-end" gap="xs">
      <NativeSelect
        label={text.a}
        data={choices(a)}
        value={a}
        onChange={(event) => go(event.currentTarget.value, b)}
      />
      <ActionIcon
        variant="default"
        size={36}
        aria-label={text.swap}
        title={text.swap}
        onClick={() => go(b, a)}
      >
        <span aria-hidden>⇄</span>
      </ActionIcon>
      <NativeSelect
        label={text.b}
        data={choices(b)}
        value={b}
        onChange={(event) => go(a, event.currentTarget.value)}
      />
    </Group>
  )
}

interface CoverProps {
  count: number
  opening: boolean
  error: Error | null
  onOpen: () => void
}

/** Red-team words are behind the warning, which is agreed to once, and a click each time. */
function Cover({ count, opening, error, onOpen }: CoverProps) {
  const agreed = useSession().data?.account.red_team_opt_in ?? false
  return (
    <Notice tone="warning" role="status">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{agreed ? text.openLead(count) : text.warn}</Text>
        <ProblemAlert error={error} />
        {agreed && (
          <Button size="sm" color="orange" loading={opening} onClick={onOpen}>
            {text.open}
          </Button>
        )}
      </Stack>
    </Notice>
  )
}

function Pair({ pair, names, title }: { pair: SampledPrompt; names: [string, string]; title: string }) {
  const scores = [...pair.a.scores, ...pair.b.scores, pair.a.score, pair.b.score]
  const scale = { from: Math.min(...scores), to: Math.max(...scores) }
  const isSame = !pair.covered && pair.a.text === pair.b.text
  const comparable = pair.a.pm === pair.b.pm && pair.a.score !== pair.b.score
  return (
    <Paper withBorder component="section" aria-label={title} className={classes.pair}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {pair.covered && <div className={classes.covered}>{text.covered}</div>}
      {pair.prompt.map((message, at) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: a dialogue never changes its order
          key={at}
          className={message.role === 'user' ? classes.asked : classes.answered}
          dir="auto"
        >
          {message.content}
        </div>
      ))}
      {isSame && (
        <Text size="sm" c="dimmed">
          {text.same}
        </Text>
      )}
      <div className={classes.two}>
        {([pair.a, pair.b] as const).map((said, at) => {
          const name = names[at] as string
          const other = at === 0 ? pair.b : pair.a
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the first and the second
            <article key={at} className={classes.said} aria-label={name}>
              <Group justify="space-between" gap="xs">
                <Anchor component={Link} to={`/admin/snapshots/${name}`} size="sm" fw={650}>
                  {name}
                </Anchor>
                <Text size="xs" c="dimmed">
                  {text.median(signed(said.score), said.pm)}
                  {comparable && said.score > other.score && ` · ${text.higher}`}
                </Text>
              </Group>
              {said.text !== null && (
                <div className={classes.text}>
                  <Markdown text={said.text || text.empty} />
                </div>
              )}
              {said.scores.length > 1 && (
                <div>
                  <ScoreStrip
                    scores={said.scores}
                    chosen={said.score}
                    scale={scale}
                    label={text.scores(name)}
                  />
                  <details className={classes.more}>
                    <summary>{text.listed}</summary>
                    <Text size="xs" c="dimmed">
                      {said.scores.map(signed).join(' · ')}
                    </Text>
                  </details>
                </div>
              )}
            </article>
          )
        })}
      </div>
    </Paper>
  )
}

const signed = (score: number) => score.toFixed(2).replace('-', '−')
