import { Text } from '@mantine/core'
import type { Candidate } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { useWords } from '@/i18n/language'
import { useCovered } from './blur'
import classes from './candidate-card.module.css'
import { Cover } from './cover'
import { ReportButton } from './report'
import { nameOf } from './say'

interface CandidateCardProps {
  candidate: Candidate
  conversationId: string
  writing: boolean
  choice: 'picked' | 'other' | null
}

/** One of the two responses, while it is written and until the conversation has gone on. */
export function CandidateCard({ candidate, conversationId, writing, choice }: CandidateCardProps) {
  const words = useWords().chat
  const why = useCovered(candidate)
  const unfinished = writing && candidate.status === 'pending'
  const ending = candidate.finish && candidate.finish !== 'stop' ? words.endings[candidate.finish] : null
  return (
    <article
      className={classes.card}
      data-choice={choice ?? undefined}
      data-shown={candidate.shown}
      aria-label={nameOf(words, candidate.shown)}
      aria-busy={unfinished}
    >
      <header className={classes.head}>
        <span className={classes.letter} aria-hidden>
          {candidate.shown === 'edited' ? '✎' : words.letters[candidate.shown]}
        </span>
        {candidate.shown === 'edited' && (
          <Text size="sm" fw={600}>
            {words.editedResponse}
          </Text>
        )}
        {unfinished && (
          <Text size="xs" c="dimmed">
            {words.writing}
          </Text>
        )}
        <span className={classes.end}>
          {choice === 'picked' && <span className={classes.picked}>{words.yourChoice}</span>}
          {!writing && candidate.text && candidate.shown !== 'edited' && (
            <ReportButton candidate={candidate} conversationId={conversationId} />
          )}
        </span>
      </header>
      <Cover why={candidate.text ? why : null}>
        {candidate.text ? (
          <div className={unfinished ? classes.writing : undefined}>
            <Markdown text={candidate.text} />
          </div>
        ) : unfinished ? (
          <div className={classes.coming} aria-hidden>
            <span />
            <span />
            <span />
          </div>
        ) : (
          <Text c="dimmed">{words.empty}</Text>
        )}
      </Cover>
      {!unfinished && ending && (
        <Text size="xs" c="dimmed" mt="xs">
          {ending}
        </Text>
      )}
    </article>
  )
}
