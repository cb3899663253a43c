import { Anchor, Badge, Code, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link, useParams } from 'react-router'
import { useCancelIteration, useIteration, useResumeIteration } from '@/api/iterations'
import type { Iteration } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { duration, moment } from '@/components/duration'
import { Notice } from '@/components/notice'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { stageNames } from '@/components/stage-names'
import { statusColor } from '@/components/status-color'
import { GateLines, gateLines } from './gate-lines'
import { Overrule } from './overrule'
import { StageList } from './stage-list'
import { words } from './words'

export function IterationPage() {
  const { id = '' } = useParams()
  return <QueryView query={useIteration(id)}>{(iteration) => <Details iteration={iteration} />}</QueryView>
}

function Details({ iteration }: { iteration: Iteration }) {
  const lines = gateLines(iteration.stages)
  const gate = lines.length > 0 && (
    <Paper withBorder p="lg">
      <Title order={2} size="h4" mb="sm">
        {words.gate}
      </Title>
      <GateLines lines={lines} />
    </Paper>
  )
  const hasOverrides = Object.keys(iteration.overrides).length > 0
  return (
    <Stack gap="lg">
      <title>{`${iteration.name} · Turnwise`}</title>
      <Group justify="space-between" align="flex-start">
        <div>
          <Anchor component={Link} to="/admin/iterations" size="sm">
            {words.back}
          </Anchor>
          <Group gap="sm">
            <Title order={1} size="h2">
              {iteration.name}
            </Title>
            <Badge color={statusColor(iteration.status)} variant="light">
              {words.statuses[iteration.status]}
            </Badge>
          </Group>
          <Text c="dimmed" size="sm" mt={4}>
            {words.started(moment(iteration.created_at), iteration.started_by)}
            {iteration.finished_at &&
              ` · ${words.took(duration((Date.parse(iteration.finished_at) - Date.parse(iteration.created_at)) / 1000))}`}
            {` · ${words.preset}: ${iteration.preset}`}
          </Text>
          {hasOverrides && (
            <Text c="dimmed" size="sm">
              {words.overrides}: <Code>{JSON.stringify(iteration.overrides)}</Code>
            </Text>
          )}
          <Anchor component={Link} to={`/admin/lineage?iteration=${iteration.id}`} size="sm">
            {words.lineage}
          </Anchor>
        </div>
        <Actions iteration={iteration} />
      </Group>
      {iteration.cancelling && (
        <Notice tone="info" role="status">
          {words.cancelling}
        </Notice>
      )}
      {iteration.reason && (
        <Paper withBorder p="md">
          <Text size="sm">{iteration.reason}</Text>
        </Paper>
      )}
      {/* A decision that waits comes first. */}
      {iteration.status === 'held' && gate}
      <Paper withBorder p="lg">
        <StageList stages={iteration.stages} iterationId={iteration.id} />
      </Paper>
      {iteration.status !== 'held' && gate}
    </Stack>
  )
}

function Actions({ iteration }: { iteration: Iteration }) {
  const cancel = useCancelIteration(iteration.id)
  const resume = useResumeIteration(iteration.id)
  return (
    <Stack gap="xs" align="flex-end">
      <ProblemAlert error={cancel.error ?? resume.error} />
      {iteration.status === 'running' && !iteration.cancelling && (
        <ConfirmButton
          label={words.cancel}
          question={words.cancelQuestion}
          color="red"
          variant="light"
          loading={cancel.isPending}
          onConfirm={() => cancel.mutate(undefined)}
        />
      )}
      {(iteration.status === 'failed' || iteration.status === 'cancelled') && (
        <ConfirmButton
          label={words.resume}
          title={words.resumeTitle}
          question={`${words.resumeQuestion(resumesAt(iteration))}${older(iteration)}`}
          loading={resume.isPending}
          onConfirm={() => resume.mutate(undefined)}
        />
      )}
      {iteration.status === 'held' && <Overrule iterationId={iteration.id} warning={older(iteration)} />}
    </Stack>
  )
}

function resumesAt({ stages }: Iteration): string {
  const next = stages.find((stage) => stage.status !== 'succeeded')
  return next ? (stageNames[next.stage] ?? next.stage) : ''
}

/** An old week that is taken up again would push a newer one aside. */
function older({ newer_deployed }: Iteration): string {
  return newer_deployed ? ` ${words.older(newer_deployed)}` : ''
}
