import { Anchor, Button, Code, Group, Paper, Text, VisuallyHidden } from '@mantine/core'
import { Link } from 'react-router'
import type { FirstStep } from '@/api/types'
import { CheckIcon } from '@/components/icons'
import { useKept } from '@/components/kept'
import classes from './first-steps.module.css'
import { Part } from './part'
import { words } from './words'

const KEY = 'first-steps-dismissed'

/** The first five minutes with a fresh installation. Ticked by what has happened here, whoever did it; gone when all is
 * done, or when this browser was told so. */
export function FirstSteps({ steps }: { steps: FirstStep[] }) {
  const [dismissed, setDismissed] = useKept(KEY)
  const done = steps.filter((step) => step.done).length
  if (dismissed || done === steps.length) return null
  return (
    <Part title={words.firstSteps}>
      <Paper withBorder p="md">
        <Group justify="space-between" mb="sm">
          <Text size="sm" c="dimmed">
            {words.stepsDone(done, steps.length)}
          </Text>
          <Button size="xs" variant="subtle" onClick={() => setDismissed('yes')}>
            {words.dismiss}
          </Button>
        </Group>
        <ol className={classes.steps}>
          {steps.map((one) => (
            <Step key={one.step} step={one} />
          ))}
        </ol>
      </Paper>
    </Part>
  )
}

function Step({ step: { step, done } }: { step: FirstStep }) {
  const { title, help, to, link, commands } = words.steps[step]
  return (
    <li data-done={done}>
      <span className={classes.tick} aria-hidden>
        {done && <CheckIcon />}
      </span>
      <div className={classes.what}>
        <Text size="sm" fw={600} component="p">
          {title}
          <VisuallyHidden>{done ? words.isDone : words.isToDo}</VisuallyHidden>
        </Text>
        {!done && (
          <Text size="sm" c="dimmed">
            {help}{' '}
            {to && (
              <Anchor component={Link} to={to} underline="always" inherit>
                {link}
              </Anchor>
            )}
          </Text>
        )}
        {!done &&
          commands?.map((command) => (
            <Code key={command} block mt={4}>
              {command}
            </Code>
          ))}
      </div>
    </li>
  )
}
