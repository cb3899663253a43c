import { Text } from '@mantine/core'
import type { Candidate, Conversation, Turn } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { useWords } from '@/i18n/language'
import { useCovered } from './blur'
import { Cover } from './cover'
import { ReportButton } from './report'
import { chose, nameOf } from './say'
import classes from './transcript.module.css'
import { WriteAbout } from './write'

/** What the crowdworker wrote, shown as typed; its heading is the turn's. */
export function HumanMessage({ turn }: { turn: Turn }) {
  const words = useWords().chat
  return (
    <div className={classes.human} dir="auto">
      <h2 className={classes.heading}>{words.turn({ number: turn.position + 1 })}</h2>
      {turn.text}
    </div>
  )
}

/** A turn that is behind: the message, the response that the conversation goes on from, and the others folded away. */
export function PastTurn({ conversation, turn }: { conversation: Conversation; turn: Turn }) {
  const words = useWords().chat
  const picked = turn.candidates.find((row) => row.id === turn.comparison?.picked)
  const edited = picked?.shown === 'edited'
  const others = turn.candidates.filter((row) => row !== picked && row.shown !== 'edited')
  return (
    <section className={classes.turn}>
      <HumanMessage turn={turn} />
      {picked && (
        <div className={classes.picked}>
          <div className={classes.head}>
            <Text size="xs" c="dimmed">
              {edited ? words.editedResponse : chose(words, picked.shown, turn.comparison?.strength ?? null)}
            </Text>
            {!edited && <ReportButton candidate={picked} conversationId={conversation.id} />}
          </div>
          <Response candidate={picked} />
        </div>
      )}
      {others.map((other) => (
        <details key={other.id} className={classes.other}>
          <summary>
            {edited
              ? words.editedOther({ letter: words.letters[other.shown] })
              : words.other({ letter: words.letters[other.shown] })}
          </summary>
          <div className={classes.otherText}>
            <Response candidate={other} />
            <ReportButton candidate={other} conversationId={conversation.id} />
          </div>
        </details>
      ))}
      <WriteAbout turnId={turn.id} />
    </section>
  )
}

function Response({ candidate }: { candidate: Candidate }) {
  const words = useWords().chat
  return (
    <Cover why={useCovered(candidate)}>
      <article aria-label={nameOf(words, candidate.shown)}>
        <Markdown text={candidate.text || words.empty} />
      </article>
    </Cover>
  )
}
