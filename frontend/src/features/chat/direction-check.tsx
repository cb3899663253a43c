import { Button, Group, Text } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useCheck } from '@/api/conversations'
import type { Candidate, Conversation, Turn } from '@/api/types'
import { Notice } from '@/components/notice'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import classes from './direction-check.module.css'
import { askedFor } from './say'

interface DirectionCheckProps {
  conversation: Conversation
  turn: Turn
  picked: Candidate
  onChange: () => void
  /** What comes after the question, or at once where none is asked. */
  children: ReactNode
}

/** In tasks that ask for the worse response, now and then one question whether that is still in mind. */
export function DirectionCheck({ conversation, turn, picked, onChange, children }: DirectionCheckProps) {
  const words = useWords().chat
  const check = useCheck(conversation.id)
  const [heeded, setHeeded] = useState(false)
  const question = useRef<HTMLFieldSetElement>(null)
  const asking = turn.check && !check.error
  useEffect(() => {
    if (asking) question.current?.focus({ preventScroll: true })
  }, [asking])

  if (asking) {
    const worse = askedFor(conversation.task) === 'harmful' ? 'harmful' : 'worse'
    const answer = (picks: 'better' | 'worse') => check.mutate({ turn, picks })
    return (
      <fieldset ref={question} className={classes.question} tabIndex={-1} disabled={check.isPending}>
        <legend>{words.check}</legend>
        <Group gap="xs">
          <Button variant="default" onClick={() => answer('better')}>
            {words.checkAnswers.better}
          </Button>
          <Button variant="default" onClick={() => answer('worse')}>
            {words.checkAnswers[worse]}
          </Button>
        </Group>
      </fieldset>
    )
  }
  if (check.data && !check.data.right && !heeded) {
    return (
      <Notice tone="warning" role="alert">
        <span>{words.checkWrong({ letter: words.letters[picked.shown] })}</span>
        <Group gap="xs">
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => {
              setHeeded(true)
              onChange()
            }}
          >
            {words.change}
          </Button>
          <Button size="compact-sm" variant="subtle" onClick={() => setHeeded(true)}>
            {words.checkOn}
          </Button>
        </Group>
      </Notice>
    )
  }
  return (
    <>
      {check.data?.right && (
        <Text size="sm" c="dimmed" role="status">
          {words.checkRight}
        </Text>
      )}
      {/* An answer that did not arrive must not keep anybody from going on. */}
      <ProblemAlert error={check.error} />
      {children}
    </>
  )
}
