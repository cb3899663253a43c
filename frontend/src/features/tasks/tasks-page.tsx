import { Stack, Text, Title } from '@mantine/core'
import { useAssignments, useTasks } from '@/api/assignments'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'
import { FinishedAssignments } from './finished-assignments'
import { TaskCard } from './task-card'

/** The start page: unfinished work first, then what else there is to do. */
export function TasksPage() {
  const words = useWords().tasks
  const tasks = useTasks()
  const assignments = useAssignments()
  return (
    <Stack gap="xl" maw={820} mx="auto">
      <div>
        <Title order={1} size="h2">
          {words.title}
        </Title>
        <Text c="dimmed" mt={4}>
          {words.lead}
        </Text>
      </div>
      <QueryView query={tasks}>
        {(rows) => (
          <QueryView query={assignments}>
            {(own) => {
              const openOf = (slug: string) =>
                own.find((row) => row.status === 'open' && row.task.slug === slug)
              const inOrder = [...rows].sort(
                (one, two) => Number(!openOf(one.slug)) - Number(!openOf(two.slug)),
              )
              return (
                <Stack>
                  {rows.length === 0 && <Text>{words.none}</Text>}
                  {inOrder.map((task) => (
                    <TaskCard key={task.slug} task={task} open={openOf(task.slug)} />
                  ))}
                  <FinishedAssignments rows={own.filter((row) => row.status !== 'open')} />
                </Stack>
              )
            }}
          </QueryView>
        )}
      </QueryView>
    </Stack>
  )
}
