import './accounts.css'
import { Alert, Button, Text } from '@mantine/core'
import { useState } from 'react'
import { Navigate, useParams } from 'react-router'
import { useInvitation, useSession, useSignOut } from '@/api/session'
import { CardPage } from '@/components/card-page'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'
import { SignUpForm } from './sign-up-form'
import { startPage } from './start-page'

/** An invitation's link: makes the account with the invitation's role, then goes to its start page. */
export function InvitationPage() {
  const words = useWords().accounts
  const { token = '' } = useParams()
  const invitation = useInvitation(token)
  const session = useSession()
  const signOut = useSignOut()
  const [arrivedSignedIn, setArrivedSignedIn] = useState<boolean | null>(null)

  // Somebody signed in at arrival is told so; somebody signed in by the form below has used the invitation.
  if (arrivedSignedIn === null && session.data !== undefined) setArrivedSignedIn(session.data !== null)

  if (session.data && arrivedSignedIn === false)
    return <Navigate to={startPage(session.data, null)} replace />
  if (session.data) {
    return (
      <CardPage title={words.signUp}>
        <Text>{words.alreadySignedIn({ username: session.data.account.username })}</Text>
        <Button
          loading={signOut.isPending}
          onClick={() => signOut.mutate(undefined, { onSuccess: () => setArrivedSignedIn(false) })}
        >
          {words.signOut}
        </Button>
      </CardPage>
    )
  }
  return (
    <CardPage title={words.signUp}>
      <QueryView query={invitation}>
        {({ usable, role }) =>
          usable ? (
            <>
              <Text>{words.invitedAs[role]}</Text>
              <SignUpForm invitation={token} />
            </>
          ) : (
            <Alert color="yellow">{words.invitationUsed}</Alert>
          )
        }
      </QueryView>
    </CardPage>
  )
}
