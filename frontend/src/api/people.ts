import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { Person } from '@/api/types'

const peopleKey = ['people'] as const
const path = (id: string) => ({ params: { path: { account_id: id } } })

/** Everybody with an account, newest first; for researchers. */
export function usePeople() {
  return useQuery({
    queryKey: peopleKey,
    queryFn: () => answer(api.GET('/api/v1/accounts')),
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
    client.setQueryData<Person[]>(peopleKey, (people) =>
      people?.map((person) => (person.id === changed.id ? changed : person)),
    )
    return Promise.all([
      client.invalidateQueries({ queryKey: ['crowdworkers'] }),
      client.invalidateQueries({ queryKey: ['crowdworker', changed.id] }),
    ])
  }
}
