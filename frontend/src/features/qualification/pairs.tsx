import { Anchor, Button, Group, Stack, Text, Title } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import type { Qualification, Task } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { usePageKeys } from '@/components/page-keys'
import { TaskQuestion } from '@/components/task-question'
import tone from '@/components/tone.module.css'
import { useWords } from '@/i18n/language'
import { type Letter, letterOfKey, useAnswers } from './answers'
import classes from './qualification-page.module.css'

interface PairsProps {
  task: Task
  qualification: Qualification
  /** All are answered. `clear` forgets the answers, once they have arrived. */
  onDone: (picked: Letter[], clear: () => void) => void
  sending: boolean
}

/** One pair at a time. A choice can be changed until all are sent: a slip of the finger must not cost a try. */
export function Pairs({ task, qualification, onDone, sending }: PairsProps) {
  const words = useWords().qualification
  const { items, pass_mark, tries_left, text_version } = qualification
  const { answers, answer, clear } = useAnswers(task.slug, text_version, items.length)
  const firstOpen = answers.indexOf(null)
  const [index, setIndex] = useState(firstOpen === -1 ? items.length - 1 : firstOpen)
  const item = items[index]
  const picked = answers[index] ?? null
  const last = index === items.length - 1

  // A new pair is announced and read from its top.
  const heading = useRef<HTMLHeadingElement>(null)
  const moved = useRef(false)
  function go(to: number) {
    moved.current = true
    setIndex(to)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the pair changes
  useEffect(() => {
    if (moved.current) heading.current?.focus()
    heading.current?.scrollIntoView({ block: 'center' })
  }, [index])

  function next() {
    if (picked === null || sending) return
    const all = answers.filter((one) => one !== null)
    if (last && all.length === items.length) onDone(all, clear)
    else go(last ? answers.indexOf(null) : index + 1)
  }

  usePageKeys(!sending, (event) => {
    const letter = letterOfKey(event)
    if (letter) answer(index, letter)
    else if (event.key === 'Enter' && !isOtherButton(event.target)) next()
    else return false
    return true
  })

  if (!item) return null
  return (
    <Stack gap="md" className={tone.toned} data-direction={task.choice_direction}>
      <div>
        <title>{`${words.title({ task: task.title })} · Turnwise`}</title>
        <Title order={1} size="h2">
          {words.title({ task: task.title })}
        </Title>
        <Text c="dimmed" mt={4} maw="46rem">
          {words.lead({ of: items.length, mark: pass_mark })}{' '}
          {tries_left !== null && words.tries({ count: tries_left })}{' '}
          {task.guide && (
            <Anchor component={Link} to={`/tasks/${task.slug}/guide`} underline="always">
              {words.readGuide}
            </Anchor>
          )}
        </Text>
      </div>
      <div>
        <Title order={2} size="h5" mb={8} ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
          {words.position({ position: index + 1, of: items.length })}
        </Title>
        <div className={classes.steps} aria-hidden>
          {answers.map((letter, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pairs have no other identity
            <span key={at} data-done={letter !== null} />
          ))}
        </div>
      </div>
      <section className={classes.prompt} aria-label={words.prompt}>
        <Markdown text={item.prompt} />
      </section>
      <TaskQuestion task={task} />
      <div className={classes.pair}>
        {(['a', 'b'] as const).map((letter) => (
          <article
            key={letter}
            className={classes.card}
            data-picked={picked === letter}
            aria-label={words.response({ letter: words.letters[letter] })}
          >
            <span className={classes.letter} aria-hidden>
              {words.letters[letter]}
            </span>
            <div className={classes.text}>
              <Markdown text={item[letter]} />
            </div>
            <Button
              className={classes.choose}
              variant={picked === letter ? 'filled' : 'default'}
              aria-pressed={picked === letter}
              onClick={() => answer(index, letter)}
            >
              {picked === letter
                ? words.chosen({ letter: words.letters[letter] })
                : words.choose({ letter: words.letters[letter] })}
            </Button>
          </article>
        ))}
      </div>
      <Group justify="space-between" className={classes.actions}>
        <Button variant="default" disabled={index === 0 || sending} onClick={() => go(index - 1)}>
          {words.back}
        </Button>
        <Text size="xs" c="dimmed" className={classes.keys}>
          {words.keys}
        </Text>
        <Button disabled={picked === null} loading={sending} onClick={next}>
          {last ? words.check : words.next}
        </Button>
      </Group>
    </Stack>
  )
}

/** Enter presses the button that has the focus, but not once more the one that was just chosen by. */
function isOtherButton(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('a, button, summary') !== null &&
    target.getAttribute('aria-pressed') !== 'true'
  )
}
