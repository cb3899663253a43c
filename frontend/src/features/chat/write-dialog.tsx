import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import type { FormEvent } from 'react'
import { Link } from 'react-router'
import { useWriteToResearchers } from '@/api/messages'
import { Dialog } from '@/components/dialog'
import { ProblemAlert } from '@/components/problem-alert'
import { TextArea } from '@/components/text-area'
import { useWords } from '@/i18n/language'
import { useDraft } from './draft'

interface WriteDialogProps {
  /** The turn that the message is about. */
  turnId: string | null
  unread: number
  onClose: () => void
}

export function WriteDialog({ turnId, unread, onClose }: WriteDialogProps) {
  const { chat: words, shared } = useWords()
  const [text, setText] = useDraft('researchers')
  const write = useWriteToResearchers()

  function submit(event: FormEvent) {
    event.preventDefault()
    write.mutate({ text, ...(turnId && { turn_id: turnId }) }, { onSuccess: () => setText('') })
  }

  return (
    <Dialog title={turnId ? words.writeAbout : words.write} onClose={onClose}>
      {write.isSuccess ? (
        <Stack>
          <Text role="status">{words.written}</Text>
          <Group justify="flex-end">
            <Button onClick={onClose}>{shared.close}</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <Text size="sm" c="dimmed">
              {turnId ? words.writeAboutHelp : words.writeHelp}
            </Text>
            <ProblemAlert error={write.error} />
            <TextArea
              label={words.writeField}
              labelHidden
              rows={4}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
            <Group justify="space-between">
              <Anchor component={Link} to="/messages" size="sm">
                {unread > 0 ? words.unread({ count: unread }) : words.openMessages}
              </Anchor>
              <Button type="submit" loading={write.isPending} disabled={text.trim() === ''}>
                {words.send}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Dialog>
  )
}
