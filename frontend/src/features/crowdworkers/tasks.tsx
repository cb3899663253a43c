import { Badge, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { useDecide } from '@/api/crowdworkers'
import type { Crowdworker, TaskStanding } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import classes from './crowdworkers.module.css'
import { words } from './words'

const COLORS = { none: 'gray', needed: 'orange', passed: 'teal', failed: 'red' } as const

/** Which tasks somebody may take, by their tries or by a researcher's word. */
export function Tasks({ person }: { person: Crowdworker }) {
  if (person.role !== 'crowdworker') return null
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h5">
        {words.qualifications}
      </Title>
      {person.tasks.map((standing) => (
        <OneTask key={standing.task} id={person.id} standing={standing} />
      ))}
    </Stack>
  )
}

function OneTask({ id, standing }: { id: string; standing: TaskStanding }) {
  const { task, title, state, tries, tries_left, decision } = standing
  const decide = useDecide(id, task)
  const [reason, setReason] = useState('')
  const button = { size: 'compact-sm', variant: 'default', loading: decide.isPending } as const
  const why = (required: boolean) => (
    <TextInput
      label={required ? words.reasonRecord : words.reasonOptional}
      value={reason}
      onChange={(event) => setReason(event.currentTarget.value)}
      required={required}
      data-autofocus
    />
  )
  return (
    <Paper withBorder radius="lg" px="md" py="sm">
      <ProblemAlert error={decide.error} />
      <Group justify="space-between" gap="sm">
        <div>
          <Group gap="xs">
            <Text size="sm" fw={600}>
              {title}
            </Text>
            <Badge variant="light" color={COLORS[state]}>
              {words.states[state]}
            </Badge>
          </Group>
          <Text size="xs" c="dimmed">
            {[
              decision && words.byHand(decision.by, moment(decision.at)),
              tries.length > 0 ? words.tries(tries.length) : state !== 'none' && words.noTries,
              tries_left !== null && words.triesLeft(tries_left),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Text>
        </div>
        <Group gap="xs">
          {decision && (
            <ConfirmButton
              key="back"
              {...button}
              label={words.takeBack}
              question={title}
              onConfirm={() => decide.mutate({ qualified: null, reason: '' })}
            />
          )}
          {state !== 'passed' && (
            <ConfirmButton
              key="open"
              {...button}
              label={words.openTask}
              title={words.openTaskTitle(title)}
              question={words.openTaskQuestion}
              onConfirm={() => decide.mutate({ qualified: true, reason: reason.trim() })}
            >
              {why(false)}
            </ConfirmButton>
          )}
          {state !== 'failed' && (
            <ConfirmButton
              key="close"
              {...button}
              label={words.closeTask}
              title={words.closeTaskTitle(title)}
              question={words.closeTaskQuestion}
              ready={reason.trim() !== ''}
              onConfirm={() => decide.mutate({ qualified: false, reason: reason.trim() })}
            >
              {why(true)}
            </ConfirmButton>
          )}
        </Group>
      </Group>
      {tries.length > 0 && (
        <ul className={classes.list}>
          {tries.map((one) => (
            <li key={one.at}>
              <Text size="xs" c="dimmed">
                {moment(one.at)}: {words.tryLine(one.correct, one.passed, one.text_version)}
              </Text>
            </li>
          ))}
        </ul>
      )}
    </Paper>
  )
}
