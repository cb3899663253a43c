import { Button, Group, Stack, Text } from '@mantine/core'
import type { FormEvent } from 'react'
import { useReport } from '@/api/conversations'
import type { Candidate, ReportReason } from '@/api/types'
import choices from '@/components/choices.module.css'
import { Dialog } from '@/components/dialog'
import { ProblemAlert } from '@/components/problem-alert'
import { TextArea } from '@/components/text-area'
import { useWords } from '@/i18n/language'

interface ReportDialogProps {
  candidate: Candidate
  conversationId: string
  onClose: () => void
}

export function ReportDialog({ candidate, conversationId, onClose }: ReportDialogProps) {
  const { chat: words, shared } = useWords()
  const report = useReport(conversationId)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    report.mutate(
      {
        candidate: candidate.id,
        reason: fields.get('reason') as ReportReason,
        comment: String(fields.get('comment')).trim() || null,
      },
      { onSuccess: onClose },
    )
  }

  return (
    <Dialog title={words.reportTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">
            {words.reportHelp}
          </Text>
          <ProblemAlert error={report.error} />
          <fieldset className={choices.column} aria-label={words.reportTitle}>
            {(Object.keys(words.reasons) as ReportReason[]).map((reason) => (
              <label key={reason}>
                <input type="radio" name="reason" value={reason} required />
                {words.reasons[reason]}
              </label>
            ))}
          </fieldset>
          <TextArea label={words.reportComment} name="comment" />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {shared.cancel}
            </Button>
            <Button type="submit" loading={report.isPending}>
              {words.reportSend}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
