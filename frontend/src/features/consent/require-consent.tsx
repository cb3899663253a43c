import { lazy, Suspense } from 'react'
import { Outlet } from 'react-router'
import { useSession } from '@/api/session'
import { Loading } from '@/components/loading'

// Whoever has agreed has no use for it.
const ConsentForm = lazy(async () => ({ default: (await import('./consent-form')).ConsentForm }))

/** Its pages need somebody who has agreed to the newest text. Until then the text stands in their place. */
export function RequireConsent() {
  const session = useSession().data
  if (session?.account.consented) return <Outlet />
  return (
    <Suspense fallback={<Loading />}>
      <ConsentForm />
    </Suspense>
  )
}
