import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { careKey } from '@/api/assignments'
import { answer, api } from '@/api/client'

/** How much red-teaming one has had, whether a break is due, and whether to ask how one is. */
export function useCare(enabled: boolean) {
  return useQuery({
    queryKey: careKey,
    queryFn: () => answer(api.GET('/api/v1/care')),
    enabled,
    staleTime: 60_000,
    refetchInterval: 5 * 60_000,
  })
}

/** The answers to the well-being survey; `null` declines it. */
export function useAnswerSurvey() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: { feelings: Record<string, number> | null; comment?: string }) =>
      answer(api.POST('/api/v1/care/survey', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: careKey }),
  })
}
