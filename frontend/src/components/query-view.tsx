import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Loading } from '@/components/loading'
import { ProblemAlert } from '@/components/problem-alert'

interface QueryViewProps<Data> {
  query: UseQueryResult<Data, Error>
  children: (data: Data) => ReactNode
}

/** Loading, refused, or there: the three states of everything that comes from the server. Old data stays on screen
 * when only asking again has failed. */
export function QueryView<Data>({ query, children }: QueryViewProps<Data>) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
  return <Loading />
}
