import { Button, Group, Kbd, Text, Textarea } from '@mantine/core'
import { type KeyboardEvent, type Ref, useEffect, useRef } from 'react'
import { useSendMessage } from '@/api/conversations'
import type { Conversation } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import page from './chat-page.module.css'
import classes from './composer.module.css'
import { clientIdOf, forgetSending, hasArrived, useDraft } from './draft'

interface ComposerProps {
  conversation: Conversation
  fieldRef: Ref<HTMLTextAreaElement>
  onFinish: (() => void) | null
}

/** The box for the next message. Its text is safe as soon as it is typed, and is sent once however often it is tried. */
export function Composer({ conversation, fieldRef, onFinish }: ComposerProps) {
  const words = useWords().chat
  const [text, setText] = useDraft(conversation.id)
  const send = useSendMessage(conversation.id)
  const first = conversation.turns.length === 0

  // The answer to an earlier try was lost, but the message is there: the draft has become a turn.
  const arrived = hasArrived(
    conversation.id,
    conversation.turns.map((turn) => turn.client_id),
  )
  const settle = useRef(() => {})
  settle.current = () => {
    setText('')
    forgetSending(conversation.id)
  }
  useEffect(() => {
    if (arrived) settle.current()
  }, [arrived])

  function submit() {
    if (text.trim() === '' || send.isPending) return
    send.mutate({ client_id: clientIdOf(conversation.id, text), text })
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      submit()
    }
    if (event.key === 'Escape') event.currentTarget.blur() // then 1–8 reach the scale again
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <ProblemAlert error={send.error} onRetry={submit} />
      <Textarea
        ref={fieldRef}
        classNames={{ input: classes.field }}
        aria-label={words.message}
        placeholder={first ? words.firstMessage : words.nextMessage}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        disabled={send.isPending}
        dir="auto"
        rows={2}
      />
      <Group justify="space-between" mt="xs" gap="xs">
        <Text size="xs" c="dimmed">
          {send.isPaused ? (
            words.waiting
          ) : (
            <span className={classes.keys}>
              <Kbd size="xs">{words.sendKeys}</Kbd> {words.sends}
            </span>
          )}
        </Text>
        <Group gap="xs">
          {onFinish && (
            <Button variant="default" onClick={onFinish}>
              {words.finish}
            </Button>
          )}
          <Button type="submit" className={page.toned} loading={send.isPending} disabled={text.trim() === ''}>
            {words.send}
          </Button>
        </Group>
      </Group>
    </form>
  )
}
