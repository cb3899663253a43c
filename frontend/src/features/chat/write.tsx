import { Button } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useUnread } from '@/api/messages'
import { IconButton } from '@/components/icon-button'
import { LetterIcon } from '@/components/icons'
import { useWords } from '@/i18n/language'

const WriteDialog = lazy(async () => ({ default: (await import('./write-dialog')).WriteDialog }))

/** The line to the researchers, from anywhere in a conversation; it also says when they have answered. */
export function Write({ turnId }: { turnId: string | null }) {
  const words = useWords().chat
  const unread = useUnread(true).data?.count ?? 0
  const [open, setOpen] = useState(false)
  const label = unread > 0 ? `${words.write}, ${words.unread({ count: unread })}` : words.write
  return (
    <>
      <IconButton label={label} icon={<LetterIcon />} count={unread} onClick={() => setOpen(true)} />
      {open && (
        <Suspense>
          <WriteDialog turnId={turnId} unread={unread} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

/** The same about one turn that is behind. */
export function WriteAbout({ turnId }: { turnId: string }) {
  const words = useWords().chat
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        c="dimmed"
        style={{ alignSelf: 'flex-start', minHeight: 24 }}
        onClick={() => setOpen(true)}
      >
        {words.writeAbout}
      </Button>
      {open && (
        <Suspense>
          <WriteDialog turnId={turnId} unread={0} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
