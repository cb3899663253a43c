import { Button, Container, Group, Text } from '@mantine/core'
import { NavLink, Outlet, useNavigate } from 'react-router'
import { useSession, useSignOut } from '@/api/session'
import { Brand } from '@/components/brand'
import { Preferences } from '@/components/preferences'
import { useWords } from '@/i18n/language'
import classes from './signed-in-layout.module.css'

/** The bar above the pages that are not a conversation: where one is, who one is, and the way out. */
export function SignedInLayout() {
  const words = useWords().accounts
  const session = useSession().data
  const signOut = useSignOut()
  const navigate = useNavigate()
  if (!session) return null
  return (
    <>
      <header className={classes.bar}>
        <Container size="lg" h="100%">
          <Group h="100%" justify="space-between" wrap="nowrap">
            <Group gap="lg" wrap="nowrap">
              <Brand />
              {session.account.role !== 'crowdworker' && (
                <nav className={classes.links} aria-label={words.mainNavigation}>
                  <NavLink to="/" end>
                    {words.chat}
                  </NavLink>
                  <NavLink to="/admin">{words.dashboard}</NavLink>
                </nav>
              )}
            </Group>
            <Group gap="sm" wrap="nowrap">
              <Preferences />
              <Text size="sm" c="dimmed" truncate maw={160} visibleFrom="xs">
                {session.account.username}
              </Text>
              <Button
                size="compact-sm"
                variant="default"
                loading={signOut.isPending}
                // Away from the page first: signing in next, perhaps as somebody else, should start afresh.
                onClick={() => signOut.mutate(undefined, { onSuccess: () => navigate('/sign-in') })}
              >
                {words.signOut}
              </Button>
            </Group>
          </Group>
        </Container>
      </header>
      <Container size="lg" component="main" py="xl">
        <Outlet />
      </Container>
    </>
  )
}
