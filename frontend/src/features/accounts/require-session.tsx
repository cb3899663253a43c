import { lazy, Suspense, useEffect, useState } from 'react'
import { Outlet } from 'react-router'
import { Problem } from '@/api/problem'
import { useSession } from '@/api/session'
import { Loading } from '@/components/loading'
import { QueryView } from '@/components/query-view'

// Whoever is signed in has no use for these.
const Suspended = lazy(async () => ({ default: (await import('./suspended')).Suspended }))
const SignInForm = lazy(async () => ({ default: (await import('./sign-in-form')).SignInForm }))

/** Its pages need somebody signed in. Without a session the form stands in their place, at the same address. */
export function RequireSession() {
  const session = useSession()
  const [wasSignedIn, setWasSignedIn] = useState(false)
  const signedIn = Boolean(session.data)
  useEffect(() => {
    if (signedIn) setWasSignedIn(true)
  }, [signedIn])
  if (session.error instanceof Problem && session.error.type === 'account-suspended') {
    return (
      <Suspense fallback={<Loading />}>
        <Suspended error={session.error} />
      </Suspense>
    )
  }
  return (
    <QueryView query={session}>
      {(data) =>
        data ? (
          <Outlet />
        ) : (
          <Suspense fallback={<Loading />}>
            <SignInForm expired={wasSignedIn} />
          </Suspense>
        )
      }
    </QueryView>
  )
}
