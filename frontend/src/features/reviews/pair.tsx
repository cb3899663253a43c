import { Badge, Button, Group, Text } from '@mantine/core'
import type { Drawn, Revealed } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { usePageKeys } from '@/components/page-keys'
import { SCALE, type Side, stepOfKey } from '@/components/scale'
import scale from '@/components/strength-scale.module.css'
import { TaskQuestion } from '@/components/task-question'
import tone from '@/components/tone.module.css'
import classes from './reviews.module.css'
import { words } from './words'

interface PairProps {
  drawn: Drawn
  /** What was there to see after the pick; `null` before. */
  seen: Revealed | null
  choosing: boolean
  onChoose: (shown: Side | null, strength: number | null) => void
}

/** What the crowdworker saw: the dialogue so far, the message, the question and two responses; and the eight steps. */
export function Pair({ drawn, seen, choosing, onChoose }: PairProps) {
  usePageKeys(choosing, (event) => {
    const step = stepOfKey(event)
    if (step) onChoose(step.shown, step.strength)
    else if (event.key === 'a' || event.key === 'b') onChoose(event.key, null)
    else if (event.key === 's') onChoose(null, null)
    else return false
    return true
  })
  return (
    <div className={`${tone.toned} ${classes.review}`} data-direction={drawn.choice_direction}>
      <div className={classes.turns}>
        {drawn.before.map((said, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what was said never changes its order
          <div key={at} className={classes.turns}>
            <div className={classes.human} dir="auto">
              {said.human}
            </div>
            <div className={classes.assistant}>
              <Markdown text={said.assistant} />
            </div>
          </div>
        ))}
        <div className={classes.human} dir="auto">
          {drawn.human}
        </div>
      </div>
      <TaskQuestion task={drawn} />
      <div className={classes.pair}>
        {(['a', 'b'] as const).map((shown) => (
          <Card key={shown} shown={shown} text={drawn[shown].text} seen={seen} />
        ))}
      </div>
      {!seen && <Steps drawn={drawn} choosing={choosing} onChoose={onChoose} />}
    </div>
  )
}

function Card({ shown, text, seen }: { shown: Side; text: string; seen: Revealed | null }) {
  const score = shown === 'a' ? seen?.score_a : seen?.score_b
  const policy = shown === 'a' ? seen?.policy_a : seen?.policy_b
  const who = seen?.crowdworker ?? words.somebody
  return (
    <article className={classes.card} aria-label={words.response[shown]} data-mine={seen?.picked === shown}>
      <Group gap="xs">
        <span className={classes.letter} aria-hidden>
          {shown.toUpperCase()}
        </span>
        {seen?.picked === shown && (
          <Badge>{[words.you, words.strength(seen.strength)].filter(Boolean).join(', ')}</Badge>
        )}
        {seen?.crowdworker_picked === shown && (
          <Badge color="orange" variant="light">
            {[who, words.strength(seen.crowdworker_strength)].filter(Boolean).join(', ')}
          </Badge>
        )}
        {seen?.others
          .filter((one) => one.picked === shown)
          .map((one) => (
            <Badge key={one.by} variant="default">
              {[one.by, words.strength(one.strength)].filter(Boolean).join(', ')}
            </Badge>
          ))}
      </Group>
      <Markdown text={text} />
      {seen?.picked && (
        <Text size="xs" c="dimmed">
          {[words.by(policy ?? words.unknownPolicy), typeof score === 'number' && words.pmScore(score)]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      )}
    </article>
  )
}

function Steps({ drawn, choosing, onChoose }: Pick<PairProps, 'drawn' | 'choosing' | 'onChoose'>) {
  const ends = words.ends[drawn.choice_direction]
  return (
    <fieldset className={scale.scale} aria-label={words.scale}>
      <Text className={scale.end} size="sm" fw={600}>
        {ends.a}
      </Text>
      <div className={scale.buttons}>
        {SCALE.map((step, index) => (
          <button
            key={`${step.shown}${step.strength}`}
            type="button"
            className={scale.step}
            data-strength={step.strength}
            disabled={!choosing}
            aria-label={`${index + 1}: ${words.step(step.shown, step.strength)}`}
            aria-keyshortcuts={String(index + 1)}
            title={words.step(step.shown, step.strength)}
            onClick={() => onChoose(step.shown, step.strength)}
          >
            {index + 1}
          </button>
        ))}
      </div>
      <Text className={scale.end} size="sm" fw={600}>
        {ends.b}
      </Text>
      <div className={scale.hint}>
        {(['a', 'b'] as const).map((shown) => (
          <Button
            key={shown}
            size="compact-sm"
            variant="subtle"
            disabled={!choosing}
            aria-keyshortcuts={shown}
            onClick={() => onChoose(shown, null)}
          >
            {words.pickSide[shown]}
          </Button>
        ))}
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          disabled={!choosing}
          aria-keyshortcuts="s"
          onClick={() => onChoose(null, null)}
        >
          {words.skip}
        </Button>
      </div>
    </fieldset>
  )
}
