import type { ReactNode } from 'react'
import classes from '@/components/notice.module.css'

interface NoticeProps {
  tone: 'info' | 'warning' | 'error'
  /** `alert` interrupts whoever hears the page; `status` waits for a pause. */
  role: 'alert' | 'status'
  title?: string
  children: ReactNode
}

/** Something to know before going on. */
export function Notice({ tone, role, title, children }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone} role={role}>
      {title && <strong>{title}</strong>}
      {children}
    </div>
  )
}
