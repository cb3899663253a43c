import { Text, VisuallyHidden } from '@mantine/core'
import type { Task } from '@/api/types'
import { useWords } from '@/i18n/language'
import { CandidateCard } from './candidate-card'
import classes from './candidate-pair.module.css'
import type { LiveTurn } from './live-turn'

interface CandidatePairProps {
  task: Task
  live: LiveTurn
  pickedId: string | null
}

/** The question, and the two responses it is about, side by side. */
export function CandidatePair({ task, live, pickedId }: CandidatePairProps) {
  const words = useWords().chat
  const { turn } = live
  const queuedNote = (position: number) => (position > 0 ? words.queued({ position }) : words.next)
  const writing = turn.status === 'generating'
  const note = live.queued !== null ? queuedNote(live.queued) : live.held && writing ? words.held : null
  return (
    <section>
      <div className={classes.question}>
        {task.choice_direction === 'pick-worse' && (
          <strong className={classes.reversed}>{words.pickWorse}</strong>
        )}
        <span>{task.question}</span>
      </div>
      {note && (
        <Text size="sm" c="dimmed" mb="sm" role="status">
          {note}
        </Text>
      )}
      <div className={classes.pair}>
        {turn.candidates.map((candidate) => (
          <CandidateCard
            key={candidate.id}
            candidate={candidate}
            writing={writing}
            choice={pickedId === null ? null : candidate.id === pickedId ? 'picked' : 'other'}
          />
        ))}
      </div>
      {/* Word by word would be unbearable to listen to; this says only when there is something to do. */}
      <VisuallyHidden role="status">
        {writing ? words.streaming : turn.status === 'ready' && pickedId === null ? words.bothComplete : ''}
      </VisuallyHidden>
    </section>
  )
}
