import { Navigate, useLocation } from 'react-router'
import { useSession } from '@/api/session'
import { QueryView } from '@/components/query-view'
import { SignInForm } from './sign-in-form'
import { startPage } from './start-page'

export function SignInPage() {
  const location = useLocation()
  return (
    <QueryView query={useSession()}>
      {(session) => (session ? <Navigate to={startPage(session, location.state)} replace /> : <SignInForm />)}
    </QueryView>
  )
}
