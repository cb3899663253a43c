import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Link, useNavigate } from 'react-router'
import { useStartAssignment } from '@/api/assignments'
import { useVisit } from '@/api/studies'
import type { Qualification, QualificationResult, Task } from '@/api/types'
import { Markdown } from '@/components/markdown'
import { ProblemAlert } from '@/components/problem-alert'
import tone from '@/components/tone.module.css'
import { useWords } from '@/i18n/language'
import classes from './qualification-page.module.css'

interface ResultProps {
  task: Task
  qualification: Qualification
  result: QualificationResult
  onAgain: () => void
}

/** How a try ended, what comes next, and why each answer was right or not. */
export function Result({ task, qualification, result, onAgain }: ResultProps) {
  const words = useWords().qualification
  const { correct, of, passed, tries_left } = result
  const mark = qualification.pass_mark
  const over = !passed && tries_left === 0
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus()
    heading.current?.scrollIntoView({ block: 'center' })
  }, [])

  return (
    <Stack gap="lg" className={tone.toned} data-direction={task.choice_direction}>
      <Paper withBorder p={{ base: 'lg', sm: 'xl' }} radius="lg">
        <Stack gap="sm" align="flex-start">
          <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
            {passed ? words.passedTitle : over ? words.noTriesTitle : words.failedTitle}
          </Title>
          <Text>
            {passed
              ? words.passed({ correct, of })
              : over
                ? words.noTries({ correct, of, mark })
                : words.failed({ correct, of, mark })}{' '}
            {!passed && !over && tries_left !== null && words.tries({ count: tries_left })}
          </Text>
          {passed ? (
            <Start task={task} />
          ) : over ? (
            <Over />
          ) : (
            <Button onClick={onAgain}>{words.again}</Button>
          )}
        </Stack>
      </Paper>
      <Title order={2} size="h4">
        {words.notes}
      </Title>
      <Stack component="ol" gap="md" m={0} p={0} style={{ listStyle: 'none' }}>
        {result.feedback.map((one, index) => {
          const item = qualification.items[index]
          const letters = { letter: words.letters[one.picked], better: words.letters[one.better] }
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the pairs have no other identity
            <Paper component="li" withBorder p="lg" radius="lg" key={index}>
              <Stack gap="xs">
                <Group gap="sm">
                  <Text fw={650}>{words.position({ position: index + 1, of })}</Text>
                  <Badge color={one.right ? 'teal' : 'orange'} variant="light">
                    {one.right ? words.right : words.wrong}
                  </Badge>
                </Group>
                <Text>{one.right ? words.youChose(letters) : words.weLookFor(letters)}</Text>
                <Markdown text={one.why} />
                {item && (
                  <details>
                    <Text component="summary" size="sm" c="dimmed" style={{ cursor: 'pointer' }}>
                      {words.showResponses}
                    </Text>
                    <Stack gap="sm" mt="sm">
                      <section className={classes.prompt} aria-label={words.prompt}>
                        <Markdown text={item.prompt} />
                      </section>
                      <div className={classes.pair}>
                        {(['a', 'b'] as const).map((letter) => (
                          <article
                            key={letter}
                            className={classes.card}
                            data-picked={one.better === letter}
                            aria-label={words.response({ letter: words.letters[letter] })}
                          >
                            <span className={classes.letter} aria-hidden>
                              {words.letters[letter]}
                            </span>
                            <Markdown text={item[letter]} />
                          </article>
                        ))}
                      </div>
                    </Stack>
                  </details>
                )}
              </Stack>
            </Paper>
          )
        })}
      </Stack>
    </Stack>
  )
}

function Start({ task }: { task: Task }) {
  const words = useWords().qualification
  const start = useStartAssignment()
  const navigate = useNavigate()
  return (
    <>
      <ProblemAlert error={start.error} />
      <Group>
        <Button
          loading={start.isPending}
          onClick={() => start.mutate(task.slug, { onSuccess: (row) => navigate(`/assignments/${row.id}`) })}
        >
          {words.start}
        </Button>
        <Button component={Link} to="/" variant="default">
          {words.toTasks}
        </Button>
      </Group>
    </>
  )
}

/** Out of tries. Whoever came for this task from a crowd platform goes back there. */
function Over() {
  const words = useWords().qualification
  const ended = useVisit().data?.status === 'screened-out'
  return ended ? (
    <Button component={Link} to="/study/end">
      {words.toEnd}
    </Button>
  ) : (
    <Button component={Link} to="/">
      {words.toTasks}
    </Button>
  )
}
