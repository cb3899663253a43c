import { Button, Group, Text } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useEdit } from '@/api/conversations'
import { useSession } from '@/api/session'
import type { Candidate, Conversation, Turn } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import page from './chat-page.module.css'
import { chose } from './say'

const EditDialog = lazy(async () => ({ default: (await import('./edit-dialog')).EditDialog }))

interface ChosenProps {
  conversation: Conversation
  turn: Turn
  picked: Candidate
  strength: number | null
  /** Absent once the choice is part of what training reads. */
  onChange: (() => void) | null
}

/** What was chosen, and what can still be made of it until the next message is sent. */
export function Chosen({ conversation, turn, picked, strength, onChange }: ChosenProps) {
  const words = useWords().chat
  const mayEdit = useSession().data?.account.may_edit ?? false
  const takeBack = useEdit(conversation.id)
  const [editing, setEditing] = useState(false)
  const edited = picked.shown === 'edited'
  const link = { size: 'compact-sm', variant: 'subtle', px: 6, className: page.tonedText } as const

  return (
    <>
      <ProblemAlert error={takeBack.error} />
      <Group gap="xs">
        <Text size="sm" fw={600} role="status">
          {chose(words, picked.shown, strength)}
        </Text>
        {onChange && edited && (
          <Button
            {...link}
            loading={takeBack.isPending}
            onClick={() => takeBack.mutate({ turn, edit: null })}
          >
            {words.editUndo}
          </Button>
        )}
        {onChange && (
          <Button {...link} onClick={onChange}>
            {words.change}
          </Button>
        )}
        {onChange && !edited && mayEdit && conversation.task.choice_direction === 'pick-better' && (
          <Button {...link} onClick={() => setEditing(true)}>
            {words.edit}
          </Button>
        )}
        {onChange && (
          <Text size="xs" c="dimmed" visibleFrom="sm">
            {words.changeByKey}
          </Text>
        )}
      </Group>
      {editing && (
        <Suspense>
          <EditDialog
            conversationId={conversation.id}
            turn={turn}
            picked={picked}
            onClose={() => setEditing(false)}
          />
        </Suspense>
      )}
    </>
  )
}
