import { useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

/** Newest first. */
export function useTranches() {
  return useQuery({ queryKey: ['tranches'], queryFn: () => answer(api.GET('/api/v1/tranches')) })
}

/** One tranche with its datasheet; asked again while a job counts what it tells. */
export function useTranche(name: string) {
  return useQuery({
    queryKey: ['tranches', name],
    queryFn: () => answer(api.GET('/api/v1/tranches/{name}', { params: { path: { name } } })),
    refetchInterval: ({ state }) => (state.data?.facts === null ? 5_000 : false),
  })
}

/** Where the browser finds a datasheet as a Markdown file. */
export function datasheetOf(name: string): string {
  return `/api/v1/tranches/${encodeURIComponent(name)}/markdown`
}
