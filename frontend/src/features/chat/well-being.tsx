import { lazy, Suspense } from 'react'
import { useCare } from '@/api/care'

const Survey = lazy(async () => ({ default: (await import('./survey')).Survey }))

/** Between two red-team conversations, when it is time: the question how one is. */
export function WellBeing() {
  const care = useCare(true).data
  if (!care?.survey_due) return null
  return (
    <Suspense>
      <Survey feelings={care.feelings} />
    </Suspense>
  )
}
