import { Button, Group, Kbd, Stack, Text, Textarea } from '@mantine/core'
import { type KeyboardEvent, useRef } from 'react'
import { useKept } from '@/components/kept'
import { ProblemAlert } from '@/components/problem-alert'
import classes from './messages-page.module.css'

interface LetterFormProps {
  /** Whose thread: an unsent text is kept under it. */
  thread: string
  words: { message: string; placeholder: string; send: string; keys: string; sends: string }
  sending: boolean
  error: Error | null
  /** Empties the field with `done` once the message has arrived. */
  onSend: (text: string, done: () => void) => void
}

/** A field and a button, on both sides of the line. What was typed stays in this browser until it has arrived. */
export function LetterForm({ thread, words, sending, error, onSend }: LetterFormProps) {
  const [text, setText] = useKept(`turnwise:letter:${thread}`)
  const field = useRef<HTMLTextAreaElement>(null)

  function submit() {
    if (text.trim() === '' || sending) return
    onSend(text, () => {
      setText('')
      field.current?.focus()
    })
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    submit()
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack gap="sm">
        <ProblemAlert error={error} />
        <Textarea
          ref={field}
          classNames={{ input: classes.field }}
          label={words.message}
          placeholder={words.placeholder}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          readOnly={sending}
          dir="auto"
        />
        <Group justify="flex-end" gap="md">
          <Text size="xs" c="dimmed" className={classes.keys}>
            <Kbd>{words.keys}</Kbd> {words.sends}
          </Text>
          <Button type="submit" disabled={text.trim() === ''} loading={sending}>
            {words.send}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
