import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { People, Person } from '@/api/types'

const peopleKey = ['people'] as const
const path = (id: string) => ({ params: { path: { account_id: id } } })

/** Everybody with an account and this in the name, newest first, a page after the other; for researchers. */
export function usePeople(q: string) {
  return useInfiniteQuery({
    queryKey: [...peopleKey, q],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/accounts', { params: { query: { q, ...(pageParam && { after: pageParam }) } } }),
      ),
    initialPageParam: '',
    getNextPageParam: (last: People) => last.next,
    placeholderData: keepPreviousData,
  })
}

export function useMayEdit(id: string) {
  const keep = useKeepPerson()
  return useMutation({
    mutationFn: (may_edit: boolean) =>
      answer(api.PUT('/api/v1/accounts/{account_id}/may-edit', { ...path(id), body: { may_edit } })),
    onSuccess: keep,
  })
}

export function useSuspend(id: string) {
  const keep = useKeepPerson()
  return useMutation({
    mutationFn: (body: { suspended: boolean; reason: string }) =>
      answer(api.PUT('/api/v1/accounts/{account_id}/suspended', { ...path(id), body })),
    onSuccess: keep,
  })
}

function useKeepPerson() {
  const client = useQueryClient()
  return (changed: Person) => {
    client.setQueriesData<InfiniteData<People>>({ queryKey: peopleKey }, (data) => {
      return data && { ...data, pages: data.pages.map((page) => withChanged(page, changed)) }
    })
    return Promise.all([
      client.invalidateQueries({ queryKey: ['crowdworkers'] }),
      client.invalidateQueries({ queryKey: ['crowdworker', changed.id] }),
    ])
  }
}

function withChanged(page: People, changed: Person): People {
  return { ...page, people: page.people.map((person) => (person.id === changed.id ? changed : person)) }
}
