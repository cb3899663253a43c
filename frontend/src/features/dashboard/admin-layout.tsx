import './admin.css'
import { Alert } from '@mantine/core'
import { NavLink, Outlet } from 'react-router'
import { useSession } from '@/api/session'
import classes from './admin-layout.module.css'
import { words } from './words'

const PAGES = [
  ['/admin', words.pages.overview],
  ['/admin/iterations', words.pages.iterations],
  ['/admin/snapshots', words.pages.snapshots],
  ['/admin/deployments', words.pages.deployments],
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
          </NavLink>
        ))}
      </nav>
      <div className={classes.page}>
        <Outlet />
      </div>
    </div>
  )
}
