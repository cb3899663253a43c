import { Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './dock.module.css'

/** The bar at the lower edge that always shows what can be done now. */
export function Dock({ children }: { children: ReactNode }) {
  return (
    <div className={classes.dock}>
      <Stack gap="xs" className={classes.inner}>
        {children}
      </Stack>
    </div>
  )
}
