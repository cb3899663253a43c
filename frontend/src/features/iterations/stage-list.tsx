import { Badge, Button, Group, Progress, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { Stage } from '@/api/types'
import { duration } from '@/components/duration'
import { stageNames } from '@/components/stage-names'
import { statusColor } from '@/components/status-color'
import { StageDetails } from './stage-details'
import classes from './stage-list.module.css'
import { words } from './words'

interface StageListProps {
  stages: Stage[]
  iterationId: string
}

/** The week as a list, in order; what runs shows how far it is. */
export function StageList({ stages, iterationId }: StageListProps) {
  return (
    <Stack gap={0} component="ol" className={classes.list}>
      {stages.map((stage) => (
        <StageRow key={stage.stage} stage={stage} iterationId={iterationId} />
      ))}
    </Stack>
  )
}

function StageRow({ stage, iterationId }: { stage: Stage; iterationId: string }) {
  const [opened, setOpened] = useState<boolean | null>(null)
  // What is being trained is what one came to see.
  const open = opened ?? (stage.status === 'running' && stage.training_run_id !== null)
  const label = stageNames[stage.stage] ?? stage.stage
  return (
    <li className={classes.stage} data-status={stage.status}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Text fw={stage.status === 'running' ? 650 : 500}>{label}</Text>
          {stage.attempt > 1 && (
            <Text size="xs" c="dimmed">
              {words.attempt(stage.attempt)}
            </Text>
          )}
        </Group>
        <Group gap="sm">
          <Text size="sm" c="dimmed" className={classes.times}>
            {[took(stage), usually(stage)].filter(Boolean).join(' · ')}
          </Text>
          <Badge color={statusColor(stage.status)} variant="light">
            {stageStatus(stage)}
          </Badge>
          {stage.attempt > 0 && (
            <Button
              size="compact-xs"
              variant="default"
              aria-expanded={open}
              aria-label={words.detailsOf(label)}
              onClick={() => setOpened(!open)}
            >
              {words.details} {open ? '▴' : '▾'}
            </Button>
          )}
        </Group>
      </Group>
      {stage.status === 'running' && <StageProgress stage={stage} />}
      {stage.error && (
        <Text size="sm" c="red" mt={4}>
          {stage.error}
        </Text>
      )}
      {open && stage.attempt > 0 && <StageDetails iterationId={iterationId} stage={stage} />}
    </li>
  )
}

export function stageStatus({ attempt, status }: Stage): string {
  return attempt === 0 ? words.notBegun : words.stageStatuses[status]
}

function took({ started_at, finished_at }: Stage): string | null {
  if (!started_at || !finished_at) return null
  return duration((Date.parse(finished_at) - Date.parse(started_at)) / 1000)
}

function usually({ usual_seconds, status }: Stage): string | null {
  return usual_seconds == null || status === 'failed' ? null : words.usually(duration(usual_seconds))
}

export function StageProgress({ stage: { stage, progress } }: { stage: Stage }) {
  const label = stageNames[stage] ?? stage
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
