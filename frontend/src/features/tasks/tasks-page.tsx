import { Anchor, Stack, Text } from '@mantine/core'
import { Link, useParams } from 'react-router'
import { useAssignments, useTasks } from '@/api/assignments'
import { useSession } from '@/api/session'
import type { Assignment, OfferedTask } from '@/api/types'
import { NotFound } from '@/components/page-error'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'
import { FinishedAssignments } from './finished-assignments'
import { StudyNote } from './study-note'
import { TaskCard } from './task-card'
import { Thanks } from './thanks'

/** The start page: unfinished work first, then what else there is to do. At a task's own address, that task alone. */
export function TasksPage() {
  const { slug } = useParams()
  const words = useWords().tasks
  const tasks = useTasks()
  const assignments = useAssignments()
  const crowdworker = useSession().data?.account.role === 'crowdworker'
  return (
    <Stack gap="xl" maw={820} mx="auto">
      <PageHead title={slug ? words.yourTask : words.title} lead={words.lead} />
      {crowdworker && <StudyNote />}
      {crowdworker && !slug && <Thanks />}
      <QueryView query={tasks}>
        {(rows) => (
          <QueryView query={assignments}>
            {(own) => (
              <Cards tasks={slug ? rows.filter((row) => row.slug === slug) : rows} own={own} slug={slug} />
            )}
          </QueryView>
        )}
      </QueryView>
    </Stack>
  )
}

interface CardsProps {
  tasks: OfferedTask[]
  own: Assignment[]
  slug: string | undefined
}

function Cards({ tasks, own, slug }: CardsProps) {
  const words = useWords().tasks
  const openOf = (task: OfferedTask) =>
    own.find((row) => row.status === 'open' && row.task.slug === task.slug)
  const inOrder = [...tasks].sort((one, two) => Number(!openOf(one)) - Number(!openOf(two)))
  if (slug && tasks.length === 0) return <NotFound />
  return (
    <Stack>
      {tasks.length === 0 && <Text>{words.none}</Text>}
      {inOrder.map((task) => (
        <TaskCard key={task.slug} task={task} open={openOf(task)} />
      ))}
      {slug ? (
        <Anchor component={Link} to="/" size="sm">
          {words.allTasks}
        </Anchor>
      ) : (
        <FinishedAssignments rows={own.filter((row) => row.status !== 'open')} />
      )}
    </Stack>
  )
}
