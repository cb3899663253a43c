import { useSearchParams } from 'react-router'
import type { Wanted } from '@/api/improvement'

/** What is laid side by side lives in the address. */
export function useWanted() {
  const [params, setParams] = useSearchParams()
  const weeks = params.getAll('week')
  const wanted: Wanted = { weeks: weeks.length > 0 ? weeks : null, redTeam: params.has('red-team') }
  return {
    wanted,
    want(next: Partial<Wanted>) {
      const { weeks, redTeam } = { ...wanted, ...next }
      const changed = new URLSearchParams(weeks?.map((name) => ['week', name]) ?? [])
      if (redTeam) changed.set('red-team', 'yes')
      setParams(changed, { replace: true })
    },
  }
}
