import { Stack } from '@mantine/core'
import { NavLink, Outlet } from 'react-router'
import classes from '@/components/link-tabs.module.css'
import { PageHead } from '@/components/page-head'
import { words } from './words'

/** For researchers: crowdworkers' messages and reports. */
export function InboxPage() {
  return (
    <Stack gap="lg" maw={820}>
      <PageHead title={words.title} lead={words.lead} />
      <nav className={classes.tabs} aria-label={words.kinds}>
        <NavLink to="/admin/inbox/messages">{words.messages}</NavLink>
        <NavLink to="/admin/inbox/reports">{words.reports}</NavLink>
      </nav>
      <Outlet />
    </Stack>
  )
}
