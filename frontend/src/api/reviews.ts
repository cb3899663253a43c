import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

const reviewsKey = ['reviews'] as const
const path = (comparison_id: string) => ({ params: { path: { comparison_id } } })

export interface Wanted {
  crowdworker: string | null
  tranche: string | null
  red_team: boolean
}

/** How much researchers agree, with crowdworkers and with each other. */
export function useReviews() {
  return useQuery({ queryKey: reviewsKey, queryFn: () => answer(api.GET('/api/v1/reviews')) })
}

/** The next comparison to review. */
export function useDraw() {
  return useMutation({
    mutationFn: (wanted: Wanted) => answer(api.POST('/api/v1/reviews/draw', { body: wanted })),
  })
}

export interface Picked {
  comparison: string
  picked: string | null
  strength: number | null
  seconds: number | null
}

/** One's own pick, once; what the crowdworker picked comes back. `picked: null` skips it. */
export function usePick() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ comparison, ...body }: Picked) =>
      answer(api.PUT('/api/v1/reviews/{comparison_id}', { ...path(comparison), body })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: reviewsKey }),
        client.invalidateQueries({ queryKey: ['figures', 'agreement'] }),
        client.invalidateQueries({ queryKey: ['crowdworkers'] }),
      ]),
  })
}

export function useNote() {
  return useMutation({
    mutationFn: ({ comparison, note }: { comparison: string; note: string }) =>
      answer(api.PUT('/api/v1/reviews/{comparison_id}/note', { ...path(comparison), body: { note } })),
  })
}
