import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

const sharedKey = ['improvement', 'shared'] as const

/** What somebody wants to lay side by side; no weeks: the server chooses. */
export interface Wanted {
  weeks: string[] | null
  redTeam: boolean
}

/** The client sends a list as one value; these addresses want one name each. */
function queryOf({ weeks, redTeam }: Wanted): string {
  const query = new URLSearchParams(weeks?.map((name) => ['weeks', name]) ?? [])
  if (redTeam) query.set('red_team', 'true')
  return String(query) && `?${query}`
}

export function useImprovement(wanted: Wanted) {
  return useQuery({
    queryKey: ['improvement', 'sheet', wanted],
    queryFn: () => answer(api.GET(`/api/v1/improvement${queryOf(wanted)}` as '/api/v1/improvement')),
    placeholderData: keepPreviousData,
  })
}

/** Where the browser finds the page as one file. */
export function improvementFile(wanted: Wanted): string {
  return `/api/v1/improvement/html${queryOf(wanted)}`
}

/** All that was ever shared, newest first. */
export function useSharedSheets() {
  return useQuery({ queryKey: sharedKey, queryFn: () => answer(api.GET('/api/v1/improvement/shared')) })
}

export function useShareSheet() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ title, weeks, redTeam }: Wanted & { title: string }) =>
      answer(api.POST('/api/v1/improvement/shared', { body: { title, weeks, red_team: redTeam } })),
    onSuccess: () => client.invalidateQueries({ queryKey: sharedKey }),
  })
}

export function useRevokeSheet() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      answer(
        api.POST('/api/v1/improvement/shared/{shared_id}/revoke', { params: { path: { shared_id: id } } }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: sharedKey }),
  })
}
