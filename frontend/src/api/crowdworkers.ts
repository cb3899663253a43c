import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { Crowdworkers } from '@/api/types'

const listKey = ['crowdworkers'] as const
const personKey = (id: string) => ['crowdworker', id] as const
const path = (account_id: string) => ({ params: { path: { account_id } } })

export interface Asked {
  q: string
  sort: string
  down: boolean
}

/** Crowdworkers by one of the columns, a page after the other. */
export function useCrowdworkers(asked: Asked) {
  return useInfiniteQuery({
    queryKey: [...listKey, asked],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/crowdworkers', {
          params: { query: { ...asked, ...(pageParam && { after: pageParam }) } as object },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (last: Crowdworkers) => last.next,
    placeholderData: keepPreviousData,
  })
}

export function useCrowdworker(id: string) {
  return useQuery({
    queryKey: personKey(id),
    queryFn: () => answer(api.GET('/api/v1/crowdworkers/{account_id}', path(id))),
  })
}

/** What leaving somebody out would change, since a day or at all. */
export function useExclusionPreview(id: string, since: string, enabled: boolean) {
  return useQuery({
    queryKey: ['exclusion', id, since],
    queryFn: () =>
      answer(
        api.GET('/api/v1/accounts/{account_id}/exclusion', {
          params: { path: { account_id: id }, query: since ? { since } : {} },
        }),
      ),
    enabled,
    placeholderData: keepPreviousData,
  })
}

/** `reason: null`: let them in again. */
export function useExclude(id: string) {
  return usePersonChange(id, (body: { reason: string | null; since: string | null }) =>
    answer(api.PUT('/api/v1/accounts/{account_id}/exclusion', { ...path(id), body })),
  )
}

/** `qualified: null`: their own tries count again. */
export function useDecide(id: string, slug: string) {
  return usePersonChange(id, (body: { qualified: boolean | null; reason: string }) =>
    answer(
      api.PUT('/api/v1/accounts/{account_id}/qualifications/{slug}', {
        params: { path: { account_id: id, slug } },
        body,
      }),
    ),
  )
}

export function useRole(id: string) {
  return usePersonChange(id, (body: { role: 'crowdworker' | 'researcher'; reason: string }) =>
    answer(api.PUT('/api/v1/accounts/{account_id}/role', { ...path(id), body })),
  )
}

/** A decision about one person, after which the page asks anew what they are. */
export function usePersonChange<Body>(id: string, change: (body: Body) => Promise<unknown>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: personKey(id) }),
        client.invalidateQueries({ queryKey: listKey }),
        client.invalidateQueries({ queryKey: ['people'] }),
      ]),
  })
}
