import { Button, Text } from '@mantine/core'
import { useRef } from 'react'
import type { Task } from '@/api/types'
import { usePageKeys } from '@/components/page-keys'
import { SCALE, type Step } from '@/components/scale'
import classes from '@/components/strength-scale.module.css'
import { useWords } from '@/i18n/language'
import { sideOf, stepOf } from './say'

interface StrengthScaleProps {
  task: Task
  chosen: Step | null
  disabled: boolean
  onChoose: (step: Step) => void
  /** Set while an earlier choice stands. */
  onKeep: (() => void) | null
}

/** Eight buttons, A to B, whose size shows the strength; the smallest are in the middle and there is no tie. */
export function StrengthScale({ task, chosen, disabled, onChoose, onKeep }: StrengthScaleProps) {
  const words = useWords().chat
  const buttons = useRef<(HTMLButtonElement | null)[]>([])

  // ← and → walk along the scale; Enter, on the focused button, is the browser's own click.
  usePageKeys(!disabled, ({ key }) => {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return false
    const step = key === 'ArrowLeft' ? -1 : 1
    const focused = buttons.current.indexOf(document.activeElement as HTMLButtonElement)
    // The first arrow lands on the weakest of its side; each further one is stronger.
    const from = focused >= 0 ? focused : step < 0 ? 4 : 3
    buttons.current[Math.min(Math.max(from + step, 0), SCALE.length - 1)]?.focus()
    return true
  })

  return (
    <fieldset className={classes.scale} aria-label={words.scale}>
      <Text className={classes.end} size="sm" fw={600}>
        {sideOf(words, 'a', task)}
      </Text>
      <div className={classes.buttons}>
        {SCALE.map((step, index) => (
          <button
            key={`${step.shown}${step.strength}`}
            ref={(button) => {
              buttons.current[index] = button
            }}
            type="button"
            className={classes.step}
            data-strength={step.strength}
            disabled={disabled}
            aria-pressed={chosen?.shown === step.shown && chosen.strength === step.strength}
            aria-label={`${index + 1}: ${stepOf(words, step, task)}`}
            aria-keyshortcuts={String(index + 1)}
            title={`${index + 1}: ${stepOf(words, step, task)}`}
            onClick={() => onChoose(step)}
          >
            {index + 1}
          </button>
        ))}
      </div>
      <Text className={classes.end} size="sm" fw={600}>
        {sideOf(words, 'b', task)}
      </Text>
      <div className={classes.hint}>
        <Text className={classes.keys} size="xs" c="dimmed">
          {words.scaleKeys}
        </Text>
        {onKeep && (
          <Button size="compact-sm" variant="subtle" color="gray" onClick={onKeep}>
            {words.keep}
          </Button>
        )}
      </div>
    </fieldset>
  )
}
