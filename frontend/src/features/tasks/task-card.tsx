import { Badge, Group, Paper, Stack, Text, Title } from '@mantine/core'
import type { Assignment, OfferedTask } from '@/api/types'
import { money } from '@/components/money'
import { useLanguage } from '@/i18n/language'
import { NextStep } from './next-step'

interface TaskCardProps {
  task: OfferedTask
  open: Assignment | undefined
}

/** What a task is, what it pays, how long it is, and what can be done about it now. */
export function TaskCard({ task, open }: TaskCardProps) {
  const { language, words: all } = useLanguage()
  const { tasks: words, shared } = all
  const color = task.kind === 'red-team' ? 'orange' : 'teal'
  return (
    <Paper component="article" withBorder radius="lg" p="lg" aria-labelledby={`task-${task.slug}`}>
      <Stack gap="sm">
        <Group gap="xs">
          <Badge variant="light" color={color}>
            {shared.kinds[task.kind]}
          </Badge>
          {task.choice_direction === 'pick-worse' && (
            <Badge variant="outline" color="orange">
              {words.pickWorse}
            </Badge>
          )}
          {task.qualification === 'passed' && (
            <Badge variant="light" color="gray">
              {words.qualified}
            </Badge>
          )}
        </Group>
        <div>
          <Title order={2} size="h4" id={`task-${task.slug}`}>
            {task.title}
          </Title>
          <Text mt={2}>{task.question}</Text>
        </div>
        <Text size="sm" c="dimmed">
          {words.shape({ conversations: task.conversations_per_assignment, messages: task.max_turns })}
          {task.pay && ` · ${words.pay({ pay: money(task.pay, language) })}`}
        </Text>
        <NextStep task={task} open={open} />
      </Stack>
    </Paper>
  )
}
