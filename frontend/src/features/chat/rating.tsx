import { Text } from '@mantine/core'
import classes from './rating.module.css'

interface RatingProps {
  name: string
  question: string
  low: string
  high: string
  required?: boolean
}

/** One to five, as native radio buttons: arrow keys, form data and "please choose" come with them. */
export function Rating({ name, question, low, high, required = false }: RatingProps) {
  return (
    <fieldset className={classes.rating}>
      <legend>
        <Text size="sm" fw={550}>
          {question}
        </Text>
      </legend>
      <div className={classes.row}>
        <Text size="xs" c="dimmed">
          {low}
        </Text>
        {[1, 2, 3, 4, 5].map((value) => (
          <label key={value} className={classes.value}>
            <input type="radio" name={name} value={value} required={required} />
            <span>{value}</span>
          </label>
        ))}
        <Text size="xs" c="dimmed">
          {high}
        </Text>
      </div>
    </fieldset>
  )
}
