import { Text } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import type { Candidate } from '@/api/types'
import { IconButton } from '@/components/icon-button'
import { FlagIcon } from '@/components/icons'
import { useWords } from '@/i18n/language'
import { nameOf } from './say'

const ReportDialog = lazy(async () => ({ default: (await import('./report-dialog')).ReportDialog }))

interface ReportButtonProps {
  candidate: Candidate
  conversationId: string
}

/** Points a response out to the researchers; who has done so sees that it was. */
export function ReportButton({ candidate, conversationId }: ReportButtonProps) {
  const words = useWords().chat
  const [open, setOpen] = useState(false)
  if (candidate.reported) {
    return (
      <Text size="xs" c="dimmed">
        {words.reported}
      </Text>
    )
  }
  return (
    <>
      <IconButton
        label={words.report({ response: nameOf(words, candidate.shown) })}
        icon={<FlagIcon />}
        onClick={() => setOpen(true)}
      />
      {open && (
        <Suspense>
          <ReportDialog
            candidate={candidate}
            conversationId={conversationId}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  )
}
