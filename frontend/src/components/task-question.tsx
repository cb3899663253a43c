import type { Task } from '@/api/types'
import { CheckIcon, ReverseIcon } from '@/components/icons'
import classes from '@/components/task-question.module.css'
import { useWords } from '@/i18n/language'

/** What is to be chosen, above every pair: in words, with a sign and in the direction's own colour and border. */
export function TaskQuestion({ task }: { task: Pick<Task, 'choice_direction' | 'question'> }) {
  const words = useWords().shared
  const worse = task.choice_direction === 'pick-worse'
  return (
    <div className={classes.question} data-direction={task.choice_direction}>
      <strong className={classes.direction}>
        {worse ? <ReverseIcon /> : <CheckIcon />}
        {words.choose[task.choice_direction]}
      </strong>
      <span>{task.question}</span>
    </div>
  )
}
