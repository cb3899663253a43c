import { Navigate, useLocation } from 'react-router'
import { Problem } from '@/api/problem'
import { useSession } from '@/api/session'
import { QueryView } from '@/components/query-view'
import { SignInForm } from './sign-in-form'
import { startPage } from './start-page'

export function SignInPage() {
  const location = useLocation()
  const session = useSession()
  // Whoever is suspended may still sign in as somebody else.
  if (session.error instanceof Problem) return <SignInForm />
  return (
    <QueryView query={session}>
      {(session) => (session ? <Navigate to={startPage(session, location.state)} replace /> : <SignInForm />)}
    </QueryView>
  )
}
