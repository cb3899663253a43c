import { useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

/** Of an iteration, by its id, or of a snapshot, by its name. */
export type LineageOf = { iteration: string } | { snapshot: string }

export function useLineage(of: LineageOf) {
  return useQuery({
    queryKey: ['lineage', of],
    queryFn: () => answer(api.GET('/api/v1/lineage', { params: { query: of } })),
    staleTime: 10_000,
  })
}
