import { Button } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import type { Assignment } from '@/api/types'
import { useWords } from '@/i18n/language'

const LeaveDialog = lazy(async () => ({ default: (await import('./leave-dialog')).LeaveDialog }))

/** The way out, at every turn: for a while, to the other task, or for good. */
export function Leave({ assignment }: { assignment: Assignment }) {
  const words = useWords().chat
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="compact-sm" variant="subtle" color="red" onClick={() => setOpen(true)}>
        {words.leave}
      </Button>
      {open && (
        <Suspense>
          <LeaveDialog assignment={assignment} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
