import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'
import { useWithdraw } from '@/api/assignments'
import type { Assignment, Conversation } from '@/api/types'
import { Brand } from '@/components/brand'
import { ConfirmButton } from '@/components/confirm-button'
import { Dialog } from '@/components/dialog'
import { Markdown } from '@/components/markdown'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import classes from './chat-header.module.css'
import { useDraft } from './draft'

interface ChatHeaderProps {
  assignment: Assignment
  conversation: Conversation | undefined
}

/** Where one is ("Conversation 2 of 5"), the instructions, and the way out. */
export function ChatHeader({ assignment, conversation }: ChatHeaderProps) {
  const words = useWords().chat
  const { task } = assignment
  const withdraw = useWithdraw(assignment.id)
  // The pop-up opens by itself until these very instructions have been seen in this browser.
  const [seen, setSeen] = useDraft(`instructions:${task.slug}`)
  const [asked, setAsked] = useState(false)
  const close = () => {
    setSeen(task.instructions)
    setAsked(false)
  }

  return (
    <header className={classes.bar}>
      <div className={classes.inner}>
        <Brand />
        <div className={classes.where}>
          <Text component="h1" size="sm" fw={650}>
            {words.position({ position: assignment.position, of: assignment.of })}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            <span className={classes.title}>{task.title} · </span>
            {words.messages({ done: conversation?.turns.length ?? 0, of: task.max_turns })}
          </Text>
        </div>
        <Group gap="xs" wrap="nowrap">
          <Button size="compact-sm" variant="default" onClick={() => setAsked(true)}>
            {words.instructions}
          </Button>
          <ConfirmButton
            size="compact-sm"
            variant="subtle"
            color="red"
            label={words.leave}
            title={words.leaveTitle}
            question={words.leaveQuestion}
            onConfirm={() => withdraw.mutate()}
          />
        </Group>
      </div>
      <ProblemAlert error={withdraw.error} />
      {(asked || seen !== task.instructions) && (
        <Dialog title={task.title} onClose={close}>
          <Markdown text={task.instructions} />
          <Group justify="flex-end" mt="lg">
            <Button onClick={close} autoFocus>
              {words.understood}
            </Button>
          </Group>
        </Dialog>
      )}
    </header>
  )
}
