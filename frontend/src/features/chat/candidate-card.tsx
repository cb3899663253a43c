import { Badge, Skeleton, Stack, Text } from '@mantine/core'
import type { Candidate } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { useWords } from '@/i18n/language'
import classes from './candidate-card.module.css'

interface CandidateCardProps {
  candidate: Candidate
  writing: boolean
  choice: 'picked' | 'other' | null
}

/** One of the two responses, while it is written and until the conversation has gone on. */
export function CandidateCard({ candidate, writing, choice }: CandidateCardProps) {
  const words = useWords().chat
  const unfinished = writing && candidate.status === 'pending'
  const letter = words.letters[candidate.shown]
  const ending = candidate.finish && candidate.finish !== 'stop' ? words.endings[candidate.finish] : null
  return (
    <article
      className={classes.card}
      data-choice={choice ?? undefined}
      aria-label={words.response({ letter })}
      aria-busy={unfinished}
    >
      <header className={classes.head}>
        <span className={classes.letter} aria-hidden>
          {letter}
        </span>
        {unfinished && (
          <Text size="xs" c="dimmed">
            {words.writing}
          </Text>
        )}
        {choice === 'picked' && <Badge className={classes.picked}>{words.yourChoice}</Badge>}
      </header>
      {candidate.text ? (
        <div className={unfinished ? classes.writing : undefined}>
          <Markdown text={candidate.text} />
        </div>
      ) : unfinished ? (
        <Stack gap={8} aria-hidden>
          <Skeleton h={10} />
          <Skeleton h={10} w="85%" />
          <Skeleton h={10} w="60%" />
        </Stack>
      ) : (
        <Text c="dimmed">{words.empty}</Text>
      )}
      {!unfinished && ending && (
        <Text size="xs" c="dimmed" mt="xs">
          {ending}
        </Text>
      )}
    </article>
  )
}
