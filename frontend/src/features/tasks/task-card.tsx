import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useNavigate } from 'react-router'
import { useStartAssignment } from '@/api/assignments'
import { useRedTeamOptIn, useSession } from '@/api/session'
import type { Assignment, Task } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { ContentWarning } from './content-warning'

interface TaskCardProps {
  task: Task
  open: Assignment | undefined
}

export function TaskCard({ task, open }: TaskCardProps) {
  const { tasks: words, shared } = useWords()
  const start = useStartAssignment()
  const navigate = useNavigate()
  const redTeam = task.kind === 'red-team'
  const optedIn = useSession().data?.account.red_team_opt_in ?? false
  const optOut = useRedTeamOptIn()

  return (
    <Paper component="article" withBorder p="lg" aria-labelledby={`task-${task.slug}`}>
      <Stack gap="sm">
        <Group gap="xs">
          <Badge variant="light" color={redTeam ? 'orange' : 'teal'}>
            {shared.kinds[task.kind]}
          </Badge>
          {task.choice_direction === 'pick-worse' && (
            <Badge variant="outline" color="orange">
              {words.pickWorse}
            </Badge>
          )}
        </Group>
        <Title order={2} size="h4" id={`task-${task.slug}`}>
          {task.title}
        </Title>
        <Text size="sm" c="dimmed">
          {words.shape({ conversations: task.conversations_per_assignment, messages: task.max_turns })}
          {open && ` · ${words.resumeAt({ position: open.position, of: open.of })}`}
        </Text>
        <ProblemAlert error={start.error ?? optOut.error} />
        {redTeam && !optedIn ? (
          <ContentWarning />
        ) : (
          <Group>
            <Button
              color={redTeam ? 'orange' : 'teal'}
              loading={start.isPending}
              onClick={() =>
                start.mutate(task.slug, { onSuccess: (row) => navigate(`/assignments/${row.id}`) })
              }
            >
              {open ? words.resume : words.start}
            </Button>
            {redTeam && (
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
        )}
      </Stack>
    </Paper>
  )
}
