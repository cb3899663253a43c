import './admin.css'
import { Alert, Badge, VisuallyHidden } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { NavLink, Outlet, useLocation } from 'react-router'
import { useThreads } from '@/api/messages'
import { useReports } from '@/api/reports'
import { useSession } from '@/api/session'
import classes from './admin-layout.module.css'
import { words } from './words'

/** By what a researcher comes for; on a phone one row. */
const SECTIONS = [
  {
    title: words.sections.loop,
    pages: [
      ['/admin', words.pages.overview],
      ['/admin/iterations', words.pages.iterations],
      ['/admin/schedule', words.pages.schedule],
    ],
  },
  {
    title: words.sections.policies,
    pages: [
      ['/admin/snapshots', words.pages.snapshots],
      ['/admin/deployments', words.pages.deployments],
      ['/admin/playground', words.pages.playground],
      ['/admin/leaderboard', words.pages.leaderboard],
      ['/admin/preference-models', words.pages.preferenceModels],
      ['/admin/policies', words.pages.policies],
      ['/admin/improvement', words.pages.improvement],
    ],
  },
  {
    title: words.sections.data,
    pages: [
      ['/admin/conversations', words.pages.conversations],
      ['/admin/tranches', words.pages.tranches],
      ['/admin/exports', words.pages.exports],
    ],
  },
  {
    title: words.sections.people,
    pages: [
      ['/admin/crowdworkers', words.pages.crowdworkers],
      ['/admin/reviews', words.pages.reviews],
      ['/admin/people', words.pages.people],
      ['/admin/inbox', words.pages.inbox],
      ['/admin/studies', words.pages.studies],
      ['/admin/pay', words.pages.pay],
      ['/admin/invitations', words.pages.invitations],
    ],
  },
  {
    title: words.sections.settings,
    pages: [
      ['/admin/texts', words.pages.texts],
      ['/admin/consent', words.pages.consent],
      ['/admin/notifications', words.pages.notifications],
      ['/admin/audit', words.pages.audit],
    ],
  },
] as const

/** The researcher's pages with their navigation. The server refuses others; this only says so kindly. */
export function AdminLayout() {
  const role = useSession().data?.account.role
  const links = useCurrentInSight()
  if (role === 'crowdworker') return <Alert color="gray">{words.forResearchers}</Alert>
  return (
    <div className={classes.layout}>
      <nav ref={links} className={classes.links} aria-label={words.navigation}>
        {SECTIONS.map(({ title, pages }) => (
          <section key={title} aria-label={words.pagesOf(title)}>
            <p aria-hidden>{title}</p>
            {pages.map(([path, label]) => (
              <NavLink key={path} to={path} end={path === '/admin'}>
                {label}
                {path === '/admin/inbox' && <Waiting />}
              </NavLink>
            ))}
          </section>
        ))}
      </nav>
      <div className={classes.page}>
        <Outlet />
      </div>
    </div>
  )
}

/** Where not all links fit, the one of this page is among those that are seen. */
function useCurrentInSight() {
  const links = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another link
  useEffect(() => {
    const nav = links.current
    const current = nav?.querySelector('[aria-current="page"]')
    if (!nav || !current) return
    const [seen, link] = [nav.getBoundingClientRect(), current.getBoundingClientRect()]
    if (link.left < seen.left || link.right > seen.right) {
      nav.scrollLeft += link.left - seen.left - (seen.width - link.width) / 2
    }
    if (link.top < seen.top || link.bottom > seen.bottom) {
      nav.scrollTop += link.top - seen.top - (seen.height - link.height) / 2
    }
  }, [pathname])
  return links
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
