import { Badge, Group, Text, Title } from '@mantine/core'
import type { CandidateShown, Transcript, TurnShown } from '@/api/types'
import { moment } from '@/components/duration'
import { Markdown } from '@/components/markdown'
import { ComparisonView } from './comparison-view'
import classes from './explorer.module.css'
import { Facts } from './facts'
import { words } from './words'

/** A message, its candidates as they were shown, and what was chosen. */
export function TurnView({ conversation, turn }: { conversation: Transcript; turn: TurnShown }) {
  const current = turn.comparisons.find((row) => row.superseded_at === null)
  const earlier = turn.comparisons.filter((row) => row !== current)
  return (
    <section className={classes.turn} aria-labelledby={`turn-${turn.id}`}>
      <Title order={2} size="h5" id={`turn-${turn.id}`}>
        {words.turn(turn.position + 1)}
      </Title>
      {turn.text === null ? (
        <div className={classes.covered}>{words.wordsCovered}</div>
      ) : (
        <div className={classes.human} dir="auto">
          {turn.text}
        </div>
      )}
      <Signals turn={turn} />
      <div className={classes.candidates}>
        {turn.candidates.map((candidate) => (
          <CandidateView
            key={candidate.id}
            candidate={candidate}
            picked={current?.picked === candidate.shown}
            chosen={current?.chosen === candidate.shown}
          />
        ))}
      </div>
      {current ? (
        <ComparisonView conversation={conversation} comparison={current} />
      ) : (
        <Text size="sm" c="dimmed">
          {words.undecided}
        </Text>
      )}
      {earlier.length > 0 && (
        <details className={classes.more}>
          <summary>{words.earlier(earlier.length)}</summary>
          {earlier.map((row) => (
            <ComparisonView key={row.id} conversation={conversation} comparison={row} />
          ))}
        </details>
      )}
    </section>
  )
}

/** What was noticed of a message: for people to look at, never a verdict. */
function Signals({ turn }: { turn: TurnShown }) {
  const signals = [
    turn.pasted_characters && words.message.pasted(turn.pasted_characters),
    turn.private_kinds.length > 0 && words.message.private(turn.private_kinds),
    turn.direction_understood === true && words.message.understood,
    turn.direction_understood === false && words.message.notUnderstood,
    turn.attempt > 1 && words.message.attempts(turn.attempt),
    turn.error,
  ].filter(Boolean)
  if (signals.length === 0) return null
  return (
    <Text size="xs" c="dimmed" className={classes.signals}>
      {signals.join(' · ')}
    </Text>
  )
}

interface CandidateViewProps {
  candidate: CandidateShown
  picked: boolean
  chosen: boolean
}

function CandidateView({ candidate, picked, chosen }: CandidateViewProps) {
  const { shown, snapshot, finish, score } = candidate
  const name = words.candidates[shown]
  const writer = snapshot ?? (finish === 'imported' ? words.file : words.crowdworkerWrote)
  return (
    <article className={classes.candidate} data-picked={picked} aria-label={name}>
      <Group justify="space-between" gap="xs">
        <Group gap={6}>
          <Text size="sm" fw={650}>
            {name}
          </Text>
          {picked && (
            <Badge color="teal" variant="filled">
              {words.picked}
            </Badge>
          )}
          {chosen && !picked && <Badge variant="default">{words.chosenForTraining}</Badge>}
        </Group>
        <Text size="xs" c="dimmed">
          {writer}
        </Text>
      </Group>
      {candidate.text === null ? (
        <div className={classes.covered}>{words.wordsCovered}</div>
      ) : (
        <div className={classes.text}>
          <Markdown text={candidate.text || words.noText} />
        </div>
      )}
      {candidate.reports.map((report) => (
        <div key={report.id} className={classes.report}>
          <Text size="sm" fw={600}>
            {words.reportReasons[report.reason]}
          </Text>
          {report.comment && <div dir="auto">{report.comment}</div>}
          <Text size="xs" c="dimmed">
            {words.reportBy(report.reported_by, moment(report.created_at))};{' '}
            {report.handled_at
              ? words.handledBy(report.handled_by, moment(report.handled_at))
              : words.notHandled}
          </Text>
        </div>
      ))}
      <Facts
        rows={[
          [words.score, score !== null && scored(score, candidate.scored_by)],
          [words.finish, finish],
        ]}
      />
      <AllFields candidate={candidate} />
    </article>
  )
}

function AllFields({ candidate }: { candidate: CandidateShown }) {
  const { deployment, sampling, prompt_tokens, completion_tokens, first_token_ms, total_ms } = candidate
  return (
    <details className={classes.more}>
      <summary>{words.allFields}</summary>
      <Facts
        rows={[
          [words.id, candidate.id],
          [
            words.deployment,
            deployment && words.share(deployment.generation, deployment.share, deployment.best_of),
          ],
          [words.seed, candidate.seed],
          [
            words.sampling,
            sampling &&
              Object.entries(sampling)
                .map(([name, value]) => `${name} ${String(value)}`)
                .join(', '),
          ],
          [
            words.tokens,
            (prompt_tokens !== null || completion_tokens !== null) &&
              words.inOut(prompt_tokens, completion_tokens),
          ],
          [words.time, words.times(first_token_ms, total_ms)],
          [words.editedFrom, candidate.edited_from && words.candidates[candidate.edited_from]],
          [words.trunk, candidate.is_trunk !== null && (candidate.is_trunk ? words.yes : words.no)],
        ]}
      />
      {candidate.best_of.length > 0 && (
        <>
          <Text size="sm" fw={600} mt="sm">
            {words.bestOf(candidate.best_of.length)}
          </Text>
          <ol className={classes.several}>
            {candidate.best_of.map((one, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: they never change their order, and may be equal
              <li key={at}>
                {one.score !== null && <Text span size="sm" c="dimmed">{`${signed(one.score)} · `}</Text>}
                {one.text ?? words.wordsCovered}
              </li>
            ))}
          </ol>
        </>
      )}
    </details>
  )
}

function scored(score: number, by: string | null): string {
  return by ? `${signed(score)}, ${words.scoreBy(by)}` : signed(score)
}

function signed(score: number): string {
  return score.toFixed(2).replace('-', '−')
}
