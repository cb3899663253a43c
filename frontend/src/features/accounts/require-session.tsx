import { lazy, Suspense, useEffect, useState } from 'react'
import { Outlet } from 'react-router'
import { useSession } from '@/api/session'
import { Loading } from '@/components/loading'
import { QueryView } from '@/components/query-view'

// Whoever is signed in has no use for it.
const SignInForm = lazy(async () => ({ default: (await import('./sign-in-form')).SignInForm }))

/** Its pages need somebody signed in. Without a session the form stands in their place, at the same address. */
export function RequireSession() {
  const session = useSession()
  const [wasSignedIn, setWasSignedIn] = useState(false)
  const signedIn = Boolean(session.data)
  useEffect(() => {
    if (signedIn) setWasSignedIn(true)
  }, [signedIn])
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
