import { Badge, Button, Container, Group } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { NavLink, Outlet, useLocation, useNavigate } from 'react-router'
import { useUnread } from '@/api/messages'
import { useSession, useSignOut } from '@/api/session'
import { Brand } from '@/components/brand'
import { Preferences } from '@/components/preferences'
import { useWords } from '@/i18n/language'
import classes from './signed-in-layout.module.css'

/** The bar above the pages that are not a conversation: where one is, where else one can go, and the way out. */
export function SignedInLayout() {
  const words = useWords().accounts
  const session = useSession().data
  const signOut = useSignOut()
  const navigate = useNavigate()
  const main = useFocusOfNewPage()
  if (!session) return null
  const crowdworker = session.account.role === 'crowdworker'
  return (
    <>
      <header className={classes.bar}>
        <Container size="lg" h="100%" className={classes.inner}>
          <Brand />
          <nav className={classes.links} aria-label={words.mainNavigation}>
            <NavLink to="/" end>
              {words.tasks}
            </NavLink>
            {crowdworker ? <MessagesLink /> : <NavLink to="/admin">{words.dashboard}</NavLink>}
            <NavLink to="/account" title={session.account.username}>
              {words.account}
            </NavLink>
          </nav>
          <Group gap="sm" wrap="nowrap">
            <Preferences />
            <Button
              size="compact-sm"
              variant="default"
              visibleFrom="sm" // on a phone it is on the account's page
              loading={signOut.isPending}
              // Away from the page first: signing in next, perhaps as somebody else, should start afresh.
              onClick={() => signOut.mutate(undefined, { onSuccess: () => navigate('/sign-in') })}
            >
              {words.signOut}
            </Button>
          </Group>
        </Container>
      </header>
      <Container size="lg" component="main" py="xl" ref={main} tabIndex={-1} className={classes.main}>
        <Outlet />
      </Container>
    </>
  )
}

/** Whoever goes to another page goes on from its beginning, by keyboard and by ear. */
function useFocusOfNewPage() {
  const main = useRef<HTMLDivElement>(null)
  const { pathname } = useLocation()
  const shown = useRef(pathname)
  useEffect(() => {
    if (shown.current !== pathname) main.current?.focus({ preventScroll: true })
    shown.current = pathname
  }, [pathname])
  return main
}

function MessagesLink() {
  const words = useWords().accounts
  const count = useUnread().data?.count ?? 0
  return (
    <NavLink
      to="/messages"
      aria-label={count > 0 ? `${words.messages}, ${words.unread({ count })}` : undefined}
    >
      {words.messages}
      {count > 0 && (
        <Badge size="sm" circle ms={6} aria-hidden>
          {count}
        </Badge>
      )}
    </NavLink>
  )
}
