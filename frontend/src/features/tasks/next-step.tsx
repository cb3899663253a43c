import { Anchor, Button, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link, useNavigate } from 'react-router'
import { useStartAssignment } from '@/api/assignments'
import { useRedTeamOptIn, useSession } from '@/api/session'
import type { Assignment, OfferedTask } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { ContentWarning } from './content-warning'

interface NextStepProps {
  task: OfferedTask
  open: Assignment | undefined
}

/** The one thing to do next: go on, decide about the warning, qualify, or begin; or why there is nothing to do. */
export function NextStep({ task, open }: NextStepProps) {
  const words = useWords().tasks
  const account = useSession().data?.account
  if (account?.role !== 'crowdworker') return <Preview task={task} open={open} />

  const gated = task.kind === 'red-team' && !account.red_team_opt_in
  if (gated) return <ContentWarning />
  if (open) {
    return (
      <>
        <Text size="sm" fw={600}>
          {words.resumeAt({ position: open.position, of: open.of })}
        </Text>
        <Actions task={task}>
          <Begin task={task} label={words.resume} />
        </Actions>
      </>
    )
  }
  if (task.qualification === 'needed') {
    return (
      <>
        <Text size="sm">{words.qualifyHelp({ count: task.tries_left ?? 0 })}</Text>
        <Actions task={task}>
          <Button component={Link} to={`/tasks/${task.slug}/qualification`}>
            {words.qualify}
          </Button>
        </Actions>
      </>
    )
  }
  if (task.available !== null) {
    return (
      <>
        <Text size="sm">{task.available}</Text>
        <Actions task={task} />
      </>
    )
  }
  return (
    <Actions task={task}>
      <Begin task={task} label={words.start} />
    </Actions>
  )
}

function Begin({ task, label }: { task: OfferedTask; label: string }) {
  const start = useStartAssignment()
  const navigate = useNavigate()
  return (
    <>
      <ProblemAlert error={start.error} />
      <Button
        color={task.kind === 'red-team' ? 'orange' : 'teal'}
        loading={start.isPending}
        onClick={() => start.mutate(task.slug, { onSuccess: (row) => navigate(`/assignments/${row.id}`) })}
      >
        {label}
      </Button>
    </>
  )
}

/** The main button with what else there is: the guide, and the way out of red-teaming. */
function Actions({ task, children }: { task: OfferedTask; children?: ReactNode }) {
  const words = useWords().tasks
  const optOut = useRedTeamOptIn()
  return (
    <>
      <ProblemAlert error={optOut.error} />
      <Group gap="md">
        {children}
        {task.guide && (
          <Anchor component={Link} to={`/tasks/${task.slug}/guide`} size="sm">
            {words.guide}
          </Anchor>
        )}
        {task.kind === 'red-team' && (
          <Button
            variant="subtle"
            color="gray"
            loading={optOut.isPending}
            onClick={() => optOut.mutate(false)}
          >
            {words.optOut}
          </Button>
        )}
      </Group>
    </>
  )
}

/** Researchers look around: no warning, no qualification, and nothing counts. */
function Preview({ task, open }: NextStepProps) {
  const words = useWords().tasks
  return (
    <>
      <Text size="sm" c="dimmed">
        {words.previewHelp}
      </Text>
      <Group gap="md">
        <Begin task={task} label={open ? words.resume : words.preview} />
        {task.guide && (
          <Anchor component={Link} to={`/tasks/${task.slug}/guide`} size="sm">
            {words.guide}
          </Anchor>
        )}
        <Anchor component={Link} to={`/tasks/${task.slug}/qualification`} size="sm">
          {words.tryPairs}
        </Anchor>
      </Group>
    </>
  )
}
