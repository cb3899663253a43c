import { Text } from '@mantine/core'
import type { Turn } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { useWords } from '@/i18n/language'
import { chose } from './say'
import classes from './transcript.module.css'

/** What the person wrote. Their own text is shown as typed. */
export function HumanMessage({ text }: { text: string }) {
  const words = useWords().chat
  return (
    <div className={classes.human} dir="auto">
      <span className={classes.who}>{words.yourMessage}</span>
      {text}
    </div>
  )
}

/** A turn that is behind: the message, the response that the conversation goes on from, and the other one folded away. */
export function PastTurn({ turn }: { turn: Turn }) {
  const words = useWords().chat
  const picked = turn.candidates.find((row) => row.id === turn.comparison?.picked)
  const other = turn.candidates.find((row) => row.id !== turn.comparison?.picked)
  return (
    <section className={classes.turn}>
      <HumanMessage text={turn.text} />
      {picked && (
        <div className={classes.picked}>
          <Text size="xs" c="dimmed" mb={6}>
            {chose(words, picked.shown, turn.comparison?.strength ?? null)}
          </Text>
          <Markdown text={picked.text || words.empty} />
        </div>
      )}
      {other && (
        <details className={classes.other}>
          <summary>{words.other({ letter: words.letters[other.shown] })}</summary>
          <Markdown text={other.text || words.empty} />
        </details>
      )}
    </section>
  )
}
