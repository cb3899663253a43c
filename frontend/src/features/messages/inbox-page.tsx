import { Stack, Text, Title } from '@mantine/core'
import { NavLink, Outlet } from 'react-router'
import classes from './inbox.module.css'
import { words } from './words'

/** For researchers: crowdworkers' messages and reports. */
export function InboxPage() {
  return (
    <Stack gap="lg" maw={820}>
      <div>
        <Title order={1} size="h2">
          {words.title}
        </Title>
        <Text c="dimmed">{words.lead}</Text>
      </div>
      <nav className={classes.tabs} aria-label={words.kinds}>
        <NavLink to="/admin/inbox/messages">{words.messages}</NavLink>
        <NavLink to="/admin/inbox/reports">{words.reports}</NavLink>
      </nav>
      <Outlet />
    </Stack>
  )
}
