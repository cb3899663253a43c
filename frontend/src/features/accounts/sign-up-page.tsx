import './accounts.css'
import { Anchor, Text } from '@mantine/core'
import { Link, Navigate, useLocation } from 'react-router'
import { useSession } from '@/api/session'
import { CardPage } from '@/components/card-page'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'
import { SignUpForm } from './sign-up-form'
import { startPage } from './start-page'

export function SignUpPage() {
  const words = useWords().accounts
  const location = useLocation()
  return (
    <QueryView query={useSession()}>
      {(session) =>
        session ? (
          <Navigate to={startPage(session, location.state)} replace />
        ) : (
          <CardPage title={words.signUp} lead={words.welcome}>
            <SignUpForm />
            <Text size="sm" ta="center" c="dimmed">
              {words.haveAccount}{' '}
              <Anchor component={Link} underline="always" to="/sign-in" state={location.state}>
                {words.signIn}
              </Anchor>
            </Text>
          </CardPage>
        )
      }
    </QueryView>
  )
}
