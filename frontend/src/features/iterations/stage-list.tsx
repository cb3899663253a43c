import { Badge, Button, Code, Group, Progress, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { Stage } from '@/api/types'
import { duration } from '@/components/duration'
import { statusColor } from '@/components/status-color'
import { RunView } from './run-view'
import classes from './stage-list.module.css'
import { words } from './words'

/** The week as a list, in order; what runs shows how far it is. */
export function StageList({ stages, detailed = false }: { stages: Stage[]; detailed?: boolean }) {
  return (
    <Stack gap={0} component="ol" className={classes.list}>
      {stages.map((stage) => (
        <StageRow key={stage.stage} stage={stage} detailed={detailed} />
      ))}
    </Stack>
  )
}

function StageRow({ stage, detailed }: { stage: Stage; detailed: boolean }) {
  const [runShown, setRunShown] = useState(false)
  return (
    <li className={classes.stage} data-status={stage.status}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Text fw={stage.status === 'running' ? 650 : 500}>{words.stages[stage.stage] ?? stage.stage}</Text>
          {stage.attempt > 1 && (
            <Text size="xs" c="dimmed">
              {words.attempt(stage.attempt)}
            </Text>
          )}
        </Group>
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            {took(stage)}
          </Text>
          <Badge color={statusColor(stage.status)} variant="light">
            {words.stageStatuses[stage.status]}
          </Badge>
        </Group>
      </Group>
      {stage.status === 'running' && <StageProgress stage={stage} />}
      {stage.error && (
        <Text size="sm" c="red" mt={4}>
          {stage.error}
        </Text>
      )}
      {detailed && (
        <Group gap="md" mt={4}>
          {stage.result && (
            <details className={classes.result}>
              <summary>{words.result}</summary>
              <Code block>{JSON.stringify(stage.result, null, 2)}</Code>
            </details>
          )}
          {stage.training_run_id && (
            <Button size="compact-xs" variant="subtle" onClick={() => setRunShown(!runShown)}>
              {runShown ? words.hideRun : words.run}
            </Button>
          )}
        </Group>
      )}
      {runShown && stage.training_run_id && (
        <RunView runId={stage.training_run_id} live={stage.status === 'running'} />
      )}
    </li>
  )
}

function took({ started_at, finished_at }: Stage): string | null {
  if (!started_at || !finished_at) return null
  return duration((Date.parse(finished_at) - Date.parse(started_at)) / 1000)
}

function StageProgress({ stage: { stage, progress } }: { stage: Stage }) {
  const label = words.stages[stage] ?? stage
  if (!progress || progress.total <= 0) {
    return (
      <>
        <Progress.Root mt="xs">
          <Progress.Section
            value={100}
            striped
            animated
            withAria={false}
            role="progressbar"
            aria-label={label}
          />
        </Progress.Root>
        <Text size="xs" c="dimmed" mt={4}>
          {progress?.phase ?? words.starting}
        </Text>
      </>
    )
  }
  return (
    <>
      <Progress mt="xs" value={Math.min(100, (progress.done / progress.total) * 100)} aria-label={label} />
      <Text size="xs" c="dimmed" mt={4}>
        {words.progress(progress.phase, progress.done, progress.total)}
        {progress.seconds_left != null && ` · ${words.left(duration(progress.seconds_left))}`}
      </Text>
    </>
  )
}
