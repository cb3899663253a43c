import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

const POLL_MS = 2_000

/** A task's standings in a week (a Monday), or in all; asked again every two seconds while a fit is awaited. */
export function useLeaderboard(task: string | null, week: string | null) {
  return useQuery({
    queryKey: ['leaderboard', task, week],
    queryFn: () =>
      answer(
        api.GET('/api/v1/leaderboard', {
          params: { query: { ...(task && { task }), ...(week && { week }) } },
        }),
      ),
    refetchInterval: ({ state }) => (state.data?.waiting?.status === 'waiting' ? POLL_MS : 30_000),
    placeholderData: (before) => before,
  })
}

/** Asks for a fit of all that was chosen until now; a job does it. */
export function useFitLeaderboard() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/v1/leaderboard/fit')),
    onSettled: () => client.invalidateQueries({ queryKey: ['leaderboard'] }),
  })
}
