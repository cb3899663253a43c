import { useSearchParams } from 'react-router'

/** What one can look for, by the name that it has in the page's address and in the API. */
export const FILTERS = [
  'task',
  'status',
  'kind',
  'snapshot',
  'strength',
  'split',
  'reported',
  'edited',
  'crowdworker',
  'since',
  'until',
] as const

export type Filter = (typeof FILTERS)[number]

/** The filters live in the address: a link is a search that one can send to a colleague. */
export function useFilters() {
  const [params, setParams] = useSearchParams()
  const values: Record<string, string> = {}
  for (const name of ['q', ...FILTERS]) {
    const value = params.get(name)
    if (value) values[name] = value
  }
  return {
    values,
    active: FILTERS.filter((name) => name in values).length,
    set(name: Filter | 'q', value: string) {
      const changed = new URLSearchParams(params)
      if (value) changed.set(name, value)
      else changed.delete(name)
      setParams(changed, { replace: true })
    },
    clear: () => setParams({}, { replace: true }),
  }
}
