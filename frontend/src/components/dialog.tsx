import { Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import classes from '@/components/dialog.module.css'
import { IconButton } from '@/components/icon-button'
import { CloseIcon } from '@/components/icons'
import { useWords } from '@/i18n/language'

interface DialogProps {
  title: string
  onClose: () => void
  /** Room for a text to read, not only for a question. */
  wide?: boolean
  children: ReactNode
}

/** The browser's own modal dialog, open while it is rendered: it keeps the focus inside, closes with Escape and gives the
 * focus back. What is to be written in first has `data-autofocus`: React's `autoFocus` comes before it is shown. */
export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
  const words = useWords().shared
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    element?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={classes.dialog}
      data-wide={wide || undefined}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault() // React takes it away, not the browser
        onClose()
      }}
    >
      <div className={classes.head}>
        <Title order={2} size="h4">
          {title}
        </Title>
        <IconButton label={words.close} icon={<CloseIcon />} onClick={onClose} />
      </div>
      {children}
    </dialog>
  )
}
