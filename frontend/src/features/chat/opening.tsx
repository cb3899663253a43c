import { Text } from '@mantine/core'
import type { Task } from '@/api/types'
import { TaskQuestion } from '@/components/task-question'
import { useWords } from '@/i18n/language'
import classes from './opening.module.css'

/** A conversation that has not begun: what will happen, in two steps. */
export function Opening({ task }: { task: Task }) {
  const words = useWords().chat
  return (
    <div className={classes.opening}>
      <Text fw={600} size="lg">
        {words.opening}
      </Text>
      <Text c="dimmed">{words.openingText}</Text>
      <TaskQuestion task={task} />
    </div>
  )
}
