import type { ReactNode } from 'react'
import classes from '@/components/icons.module.css'

interface IconButtonProps {
  label: string
  icon: ReactNode
  onClick: () => void
  /** How many things wait behind the button; none are not shown. */
  count?: number
}

/** A button whose name is only heard, and seen when the pointer rests on it. */
export function IconButton({ label, icon, onClick, count = 0 }: IconButtonProps) {
  return (
    <button type="button" className={classes.button} aria-label={label} title={label} onClick={onClick}>
      {icon}
      {count > 0 && (
        <span className={classes.badge} aria-hidden>
          {count}
        </span>
      )}
    </button>
  )
}
