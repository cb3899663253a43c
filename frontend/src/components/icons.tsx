import type { ReactNode } from 'react'
import classes from '@/components/icons.module.css'

/** Drawn in the colour and the size of the text around, and never the only carrier of a meaning. */
function Icon({ children }: { children: ReactNode }) {
  return (
    <svg className={classes.icon} viewBox="0 0 24 24" aria-hidden="true">
      {children}
    </svg>
  )
}

export const CheckIcon = () => (
  <Icon>
    <path d="M5 12.5l4.5 4.5L19 7.5" />
  </Icon>
)

/** The direction is turned round. */
export const ReverseIcon = () => (
  <Icon>
    <path d="M12 3.5 22 20.5H2ZM12 10v4.5M12 17.2v.6" />
  </Icon>
)

export const HelpIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M9.3 9.5a2.7 2.7 0 1 1 3.9 2.4c-.8.4-1.2.9-1.2 1.9M12 16.7v.6" />
  </Icon>
)

export const LetterIcon = () => (
  <Icon>
    <rect x="3" y="5.5" width="18" height="13" rx="2" />
    <path d="m3.5 7.5 8.5 6 8.5-6" />
  </Icon>
)

export const FlagIcon = () => (
  <Icon>
    <path d="M6 21V4M6 5c4-2.5 7 2 12-.5v8.5c-5 2.5-8-2-12 .5" />
  </Icon>
)

export const CloseIcon = () => (
  <Icon>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
)

export const GlobeIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M3 12h18M12 3c-5 5.5-5 12.5 0 18c5-5.5 5-12.5 0-18" />
  </Icon>
)
