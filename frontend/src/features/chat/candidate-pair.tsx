import { Text } from '@mantine/core'
import { useState } from 'react'
import type { Conversation } from '@/api/types'
import { TaskQuestion } from '@/components/task-question'
import { useLanguage } from '@/i18n/language'
import { CandidateCard } from './candidate-card'
import classes from './candidate-pair.module.css'
import { type Standing, secondsLeft, spell } from './expected-wait'
import type { LiveTurn } from './live-turn'

interface CandidatePairProps {
  conversation: Conversation
  live: LiveTurn
  pickedId: string | null
}

/** The question, and the two responses it is about, side by side; below them one's own version, where there is one. */
export function CandidatePair({ conversation, live, pickedId }: CandidatePairProps) {
  const { turn } = live
  const writing = turn.status === 'generating'
  const candidates = turn.candidates.filter((row) => row.shown !== 'edited' || row.id === pickedId)
  return (
    <section className={classes.section}>
      <TaskQuestion task={conversation.task} />
      {writing && <Waiting live={live} />}
      <div className={classes.pair}>
        {candidates.map((candidate) => (
          <CandidateCard
            key={candidate.id}
            candidate={candidate}
            conversationId={conversation.id}
            writing={writing}
            choice={pickedId === null ? null : candidate.id === pickedId ? 'picked' : 'other'}
          />
        ))}
      </div>
    </section>
  )
}

/** Why nothing is to be read yet: the place in the queue and how long it may take, or that both will appear together. */
function Waiting({ live }: { live: LiveTurn }) {
  const { words: all, language } = useLanguage()
  const words = all.chat
  const { queued, held } = live
  const [first, setFirst] = useState<Standing | null>(null)
  if (first === null && queued !== null) setFirst({ position: queued, at: Date.now() })
  if (queued === null && !held) return null

  const left = first && queued !== null ? secondsLeft(first, { position: queued, at: Date.now() }) : null
  const note =
    queued === null
      ? words.held
      : queued === 0
        ? words.next
        : left === null
          ? words.queued({ position: queued })
          : words.queuedAbout({ position: queued, time: spell(left, language) })
  return (
    <Text size="sm" c="dimmed" role="status">
      {note}
    </Text>
  )
}
