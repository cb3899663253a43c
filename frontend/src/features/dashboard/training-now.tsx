import { Badge, Button, Group, Paper, Progress, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { Collected, NextRun, Training } from '@/api/types'
import { duration, moment } from '@/components/duration'
import { stageNames } from '@/components/stage-names'
import { statusColor } from '@/components/status-color'
import { Part } from './part'
import { words } from './words'

interface TrainingNowProps {
  training: Training | null
  next: NextRun | null
  collected: Collected
}

/** Where the loop stands, and when it goes round again. */
export function TrainingNow({ training, next, collected }: TrainingNowProps) {
  return (
    <Part title={words.training} more={{ to: '/admin/iterations', label: words.allIterations }}>
      {training ? (
        <Latest training={training} />
      ) : (
        <Text size="sm" c="dimmed">
          {words.noIteration}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {next ? words.next(moment(next.at), next.min_new_comparisons, collected.new) : words.noNext}
      </Text>
    </Part>
  )
}

function Latest({ training }: { training: Training }) {
  const { progress, stage } = training
  const share = progress && progress.total > 0 ? progress.done / progress.total : 0
  const done = words.stages(training.stages_done, training.stages)
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <Group gap="sm">
          <Text fw={650}>{training.name}</Text>
          <Badge color={statusColor(training.status)} variant="light">
            {words.statuses[training.status]}
          </Badge>
          {training.status === 'held' && <Badge color="orange">{words.needsDecision}</Badge>}
        </Group>
        <Button component={Link} to={`/admin/iterations/${training.id}`} size="xs" variant="default">
          {words.openIteration(training.name)}
        </Button>
      </Group>
      <Progress
        mt="sm"
        value={((training.stages_done + share) / training.stages) * 100}
        color={statusColor(training.status)}
        aria-label={done}
      />
      <Group justify="space-between" mt={6} gap="xs">
        <Text size="sm">{stage ? <Now training={training} stage={stage} /> : ended(training)}</Text>
        <Text size="sm" c="dimmed">
          {done}
          {training.seconds_left != null && ` · ${words.left(duration(training.seconds_left))}`}
        </Text>
      </Group>
    </Paper>
  )
}

function Now({ training, stage }: { training: Training; stage: string }) {
  const name = stageNames[stage] ?? stage
  if (training.waiting) return words.waits(name)
  const { progress } = training
  if (!progress) return name
  const text = words.progress(name, progress.phase, progress.done, progress.total)
  return progress.seconds_left == null
    ? text
    : `${text} · ${words.leftInStage(duration(progress.seconds_left))}`
}

function ended({ finished_at: at, reason }: Training): string {
  return [at && words.ended(moment(at)), reason].filter(Boolean).join(' · ')
}
