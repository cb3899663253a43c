import './admin.css'
import { Alert, Badge, VisuallyHidden } from '@mantine/core'
import { NavLink, Outlet } from 'react-router'
import { useThreads } from '@/api/messages'
import { useReports } from '@/api/reports'
import { useSession } from '@/api/session'
import classes from './admin-layout.module.css'
import { words } from './words'

const PAGES = [
  ['/admin', words.pages.overview],
  ['/admin/iterations', words.pages.iterations],
  ['/admin/snapshots', words.pages.snapshots],
  ['/admin/leaderboard', words.pages.leaderboard],
  ['/admin/deployments', words.pages.deployments],
  ['/admin/conversations', words.pages.conversations],
  ['/admin/schedule', words.pages.schedule],
  ['/admin/texts', words.pages.texts],
  ['/admin/consent', words.pages.consent],
  ['/admin/inbox', words.pages.inbox],
  ['/admin/people', words.pages.people],
  ['/admin/studies', words.pages.studies],
  ['/admin/invitations', words.pages.invitations],
] as const

/** The researcher's pages with their navigation. The server refuses others; this only says so kindly. */
export function AdminLayout() {
  const role = useSession().data?.account.role
  if (role === 'crowdworker') return <Alert color="gray">{words.forResearchers}</Alert>
  return (
    <div className={classes.layout}>
      <nav className={classes.links} aria-label={words.navigation}>
        {PAGES.map(([path, label]) => (
          <NavLink key={path} to={path} end={path === '/admin'}>
            {label}
            {path === '/admin/inbox' && <Waiting />}
          </NavLink>
        ))}
      </nav>
      <div className={classes.page}>
        <Outlet />
      </div>
    </div>
  )
}

/** How much in the inbox nobody has looked at. */
function Waiting() {
  const unread = useThreads().data?.filter((thread) => thread.unread > 0).length ?? 0
  const open = useReports().data?.filter((report) => report.handled_at === null).length ?? 0
  const count = unread + open
  if (count === 0) return null
  return (
    <>
      <Badge size="sm" ms={6} aria-hidden>
        {count}
      </Badge>
      <VisuallyHidden>{words.waiting(count)}</VisuallyHidden>
    </>
  )
}
