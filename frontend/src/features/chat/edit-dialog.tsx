import { Button, Group, Stack, Text } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useEdit } from '@/api/conversations'
import type { Candidate, Turn } from '@/api/types'
import { Dialog } from '@/components/dialog'
import { ProblemAlert } from '@/components/problem-alert'
import { TextArea } from '@/components/text-area'
import { useWords } from '@/i18n/language'
import { useDraft } from './draft'

interface EditDialogProps {
  conversationId: string
  turn: Turn
  picked: Candidate
  onClose: () => void
}

/** One's own words in the place of the response that was picked. */
export function EditDialog({ conversationId, turn, picked, onClose }: EditDialogProps) {
  const { chat: words, shared } = useWords()
  const [draft, setDraft] = useDraft(`edit:${picked.id}`)
  const edit = useEdit(conversationId)
  const [text, setText] = useState(draft || picked.text)

  function submit(event: FormEvent) {
    event.preventDefault()
    edit.mutate(
      { turn, edit: { candidate: picked.id, text } },
      { onSuccess: onClose }, // the draft stays: who takes the edit back may go on with it
    )
  }

  return (
    <Dialog title={words.editTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">
            {words.editHelp}
          </Text>
          <ProblemAlert error={edit.error} />
          <TextArea
            label={words.editField}
            rows={8}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value)
              setDraft(event.currentTarget.value)
            }}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {shared.cancel}
            </Button>
            <Button
              type="submit"
              loading={edit.isPending}
              disabled={text.trim() === '' || text.trim() === picked.text.trim()}
            >
              {words.editSave}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
