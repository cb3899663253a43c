import { Button, Group, Text } from '@mantine/core'
import { type ClipboardEvent, type KeyboardEvent, type Ref, useEffect, useRef, useState } from 'react'
import { useSendMessage } from '@/api/conversations'
import type { Conversation } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { TextArea } from '@/components/text-area'
import { useWords } from '@/i18n/language'
import page from './chat-page.module.css'
import classes from './composer.module.css'
import { clientIdOf, forgetSending, hasArrived, useDraft } from './draft'
import { type Finding, findPrivate } from './private-data'
import { PrivateWarning } from './private-warning'
import { Subjects } from './subjects'

interface ComposerProps {
  conversation: Conversation
  fieldRef: Ref<HTMLTextAreaElement>
  onFinish: (() => void) | null
}

/** The box for the next message. Its text is safe as soon as it is typed, and is sent once however often it is tried. */
export function Composer({ conversation, fieldRef, onFinish }: ComposerProps) {
  const words = useWords().chat
  const [text, setText] = useDraft(conversation.id)
  // How much of the draft was pasted. It is told beside the message and decides nothing.
  const [pasted, setPasted] = useDraft(`pasted:${conversation.id}`)
  const [warned, setWarned] = useState<Finding[]>([])
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
    setPasted('')
    forgetSending(conversation.id)
  }
  useEffect(() => {
    if (arrived) settle.current()
  }, [arrived])

  function change(next: string) {
    setText(next)
    setWarned([])
    if (next === '') setPasted('')
  }

  function onPaste(event: ClipboardEvent) {
    setPasted(String(Number(pasted) + event.clipboardData.getData('text').length))
  }

  function submit(knowingly: Finding[] = []) {
    if (text.trim() === '' || send.isPending) return
    const found = knowingly.length > 0 ? knowingly : findPrivate(text)
    setWarned(found)
    if (found.length > 0 && knowingly.length === 0) return
    setWarned([])
    send.mutate({
      client_id: clientIdOf(conversation.id, text),
      text,
      ...(pasted && { pasted_characters: Math.min(Number(pasted), text.length) }),
      ...(found.length > 0 && { private_kinds: [...new Set(found.map((one) => one.kind))] }),
    })
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      submit()
    }
    if (event.key === 'Escape') event.currentTarget.blur() // then 1–8 reach the scale again
  }

  const form = useRef<HTMLFormElement>(null)
  const backToField = () => {
    setWarned([])
    form.current?.querySelector('textarea')?.focus()
  }

  return (
    <form
      ref={form}
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <ProblemAlert error={send.error} onRetry={() => submit(findPrivate(text))} />
      {warned.length > 0 && (
        <PrivateWarning found={warned} onEdit={backToField} onSend={() => submit(warned)} />
      )}
      <Subjects kind={conversation.task.kind} stuck={text === '' && first} />
      <TextArea
        ref={fieldRef}
        label={words.message}
        labelHidden
        placeholder={first ? words.firstMessage : words.nextMessage}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
        onPaste={onPaste}
        onKeyDown={onKeyDown}
        disabled={send.isPending}
      />
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {send.isPaused ? (
            words.waiting
          ) : (
            <span className={classes.keys}>
              <kbd>{words.sendKeys}</kbd> {words.sends}
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
