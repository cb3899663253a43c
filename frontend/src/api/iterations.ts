import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { Iteration, Overrides, ScheduleChange } from '@/api/types'

const iterationsKey = ['iterations'] as const
const POLL_MS = 2_000

/** Newest first; asked again every two seconds while one is running. */
export function useIterations() {
  return useQuery({
    queryKey: iterationsKey,
    queryFn: () => answer(api.GET('/api/v1/iterations')),
    refetchInterval: ({ state }) =>
      state.data?.some((iteration) => iteration.status === 'running') ? POLL_MS : 30_000,
  })
}

export function useIteration(id: string) {
  return useQuery({
    queryKey: [...iterationsKey, id],
    queryFn: () => answer(api.GET('/api/v1/iterations/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? POLL_MS : 30_000),
  })
}

export function usePresets() {
  return useQuery({ queryKey: ['presets'], queryFn: () => answer(api.GET('/api/v1/presets')) })
}

export function useEstimate(preset: string) {
  return useQuery({
    queryKey: ['estimate', preset],
    queryFn: () => answer(api.GET('/api/v1/iterations/estimate', { params: { query: { preset } } })),
    enabled: preset !== '',
  })
}

function useIterationMutation<Input>(request: (input: Input) => Promise<Iteration>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: request,
    onSettled: () => client.invalidateQueries({ queryKey: iterationsKey }),
  })
}

export function useStartIteration() {
  return useIterationMutation((body: { preset: string; overrides: Overrides }) =>
    answer(api.POST('/api/v1/iterations', { body })),
  )
}

export function useCancelIteration(id: string) {
  return useIterationMutation(() =>
    answer(api.POST('/api/v1/iterations/{id}/cancel', { params: { path: { id } } })),
  )
}

export function useResumeIteration(id: string) {
  return useIterationMutation(() =>
    answer(api.POST('/api/v1/iterations/{id}/resume', { params: { path: { id } } })),
  )
}

export function useOverrule(id: string) {
  return useIterationMutation((reason: string) =>
    answer(
      api.POST('/api/v1/iterations/{id}/overrule', {
        params: { path: { id } },
        body: { reason },
      }),
    ),
  )
}

/** All curves of a run; `live` asks again while the run goes on. */
export function useRunMetrics(runId: string, live: boolean) {
  return useQuery({
    queryKey: ['runs', runId, 'metrics'],
    queryFn: () => answer(api.GET('/api/v1/runs/{id}/metrics', { params: { path: { id: runId } } })),
    refetchInterval: live ? POLL_MS : false,
  })
}

/** The last 64 KiB of what the training process printed. */
export function useRunLog(runId: string, live: boolean) {
  return useQuery({
    queryKey: ['runs', runId, 'log'],
    queryFn: async () => {
      const log = api.GET('/api/v1/runs/{id}/log', { params: { path: { id: runId } }, parseAs: 'text' })
      return (await answer(log)) ?? '' // an empty body is no data to the client
    },
    refetchInterval: live ? POLL_MS : false,
  })
}

const scheduleKey = ['schedule'] as const

export function useSchedule() {
  return useQuery({ queryKey: scheduleKey, queryFn: () => answer(api.GET('/api/v1/schedule')) })
}

export function useChangeSchedule() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: ScheduleChange) => answer(api.PUT('/api/v1/schedule', { body })),
    onSuccess: (schedule) => client.setQueryData(scheduleKey, schedule),
  })
}
