import { Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { useDeployments, useRollback } from '@/api/snapshots'
import type { Generation } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { ShareBar } from '@/components/share-bar'
import { ShareEditor } from './share-editor'
import { words } from './words'

export function DeploymentsPage() {
  return (
    <Stack gap="lg">
      <div>
        <Title order={1} size="h2">
          {words.deployments}
        </Title>
        <Text c="dimmed">{words.deploymentsLead}</Text>
      </div>
      <QueryView query={useDeployments()}>
        {(generations) => {
          const active = generations.filter((row) => row.active)
          if (active.length === 0) return <Text c="dimmed">{words.noDeployments}</Text>
          return active.map((row) => (
            <TaskDeployments
              key={row.task ?? ''}
              active={row}
              earlier={generations.filter((other) => other.task === row.task && !other.active)}
            />
          ))
        }}
      </QueryView>
    </Stack>
  )
}

function TaskDeployments({ active, earlier }: { active: Generation; earlier: Generation[] }) {
  const [editing, setEditing] = useState(false)
  return (
    <Paper withBorder p="lg" component="section" aria-label={active.task ?? words.scoringPm}>
      <Group justify="space-between" mb="md" align="flex-start">
        <div>
          <Title order={2} size="h4">
            {active.task ?? words.scoringPm}
          </Title>
          <Text size="sm" c="dimmed">
            {words.generation(active.generation, moment(active.created_at))}
          </Text>
        </div>
        {active.task && !editing && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setEditing(true)}>
              {words.edit}
            </Button>
            {earlier.length > 0 && <RollbackButton slug={active.task} />}
          </Group>
        )}
      </Group>
      {active.task && editing ? (
        <ShareEditor slug={active.task} initial={active.deployments} onClose={() => setEditing(false)} />
      ) : (
        <ShareBar shares={active.deployments} best={words.best} />
      )}
      {earlier.length > 0 && (
        <details>
          <Text component="summary" size="sm" c="dimmed" mt="md">
            {words.history}
          </Text>
          <Stack gap="md" mt="sm">
            {earlier.slice(0, 10).map((row) => (
              <div key={row.generation}>
                <Text size="xs" c="dimmed" mb={4}>
                  {words.generation(row.generation, moment(row.created_at))}
                </Text>
                <ShareBar shares={row.deployments} best={words.best} />
              </div>
            ))}
          </Stack>
        </details>
      )}
    </Paper>
  )
}

function RollbackButton({ slug }: { slug: string }) {
  const rollback = useRollback(slug)
  const [reason, setReason] = useState('')
  return (
    <>
      <ProblemAlert error={rollback.error} />
      <ConfirmButton
        label={words.rollback}
        question={words.rollbackQuestion}
        color="orange"
        variant="light"
        loading={rollback.isPending}
        onConfirm={() => rollback.mutate(reason.trim())}
      >
        <TextInput
          label={words.reason}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          autoFocus
        />
      </ConfirmButton>
    </>
  )
}
