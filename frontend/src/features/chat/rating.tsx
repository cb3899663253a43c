import { Text } from '@mantine/core'
import classes from './rating.module.css'

interface RatingProps {
  name: string
  question: string
  ends: readonly string[]
  required?: boolean
}

/** One to five, as native radio buttons: arrow keys, form data and "please choose" come with them. */
export function Rating({ name, question, ends, required = false }: RatingProps) {
  return (
    <fieldset className={classes.rating}>
      <legend>
        <Text size="sm" fw={550}>
          {question}
        </Text>
      </legend>
      <div className={classes.row}>
        <Text size="xs" c="dimmed">
          {ends[0]}
        </Text>
        {[1, 2, 3, 4, 5].map((value) => (
          <label key={value} className={classes.value}>
            <input type="radio" name={name} value={value} required={required} />
            <span>{value}</span>
          </label>
        ))}
        <Text size="xs" c="dimmed">
          {ends[1]}
        </Text>
      </div>
    </fieldset>
  )
}
