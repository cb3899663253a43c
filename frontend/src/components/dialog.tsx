import { CloseButton, Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import classes from '@/components/dialog.module.css'
import { useWords } from '@/i18n/language'

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
}

/** The browser's own modal dialog, open while it is rendered: it keeps the focus inside, closes with Escape and gives the
 * focus back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const words = useWords().shared
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={classes.dialog}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault() // React takes it away, not the browser
        onClose()
      }}
    >
      <header className={classes.head}>
        <Title order={2} size="h4">
          {title}
        </Title>
        <CloseButton aria-label={words.close} onClick={onClose} />
      </header>
      {children}
    </dialog>
  )
}
