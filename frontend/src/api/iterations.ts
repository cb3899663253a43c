import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { Iteration, Overrides, ScheduleChange, Timeline } from '@/api/types'

const iterationsKey = ['iterations'] as const
const POLL_MS = 2_000
const CURVES_MS = 4_000

/** The one that is running, or none; asked again every two seconds while there is one. */
export function useRunningIteration() {
  return useQuery({
    queryKey: [...iterationsKey, 'running'],
    queryFn: () =>
      answer(api.GET('/api/v1/iterations', { params: { query: { status: 'running', limit: 1 } } })),
    refetchInterval: ({ state }) => (state.data?.length ? POLL_MS : 30_000),
  })
}

/** Every week that there was, a page after the other. */
export function useTimeline() {
  return useInfiniteQuery({
    queryKey: [...iterationsKey, 'timeline'],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/iterations/timeline', {
          params: { query: pageParam ? { before: pageParam } : {} },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last: Timeline) => last.next,
    refetchInterval: ({ state }) =>
      state.data?.pages[0]?.weeks.some((week) => week.status === 'running') ? 10_000 : 60_000,
  })
}

export function useIteration(id: string) {
  return useQuery({
    queryKey: [...iterationsKey, id],
    queryFn: () => answer(api.GET('/api/v1/iterations/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? POLL_MS : 30_000),
  })
}

/** What went into a stage and came out of it; asked again while it is at work. */
export function useStage(id: string, stage: string, live: boolean) {
  return useQuery({
    queryKey: [...iterationsKey, id, 'stages', stage],
    queryFn: () =>
      answer(api.GET('/api/v1/iterations/{id}/stages/{stage}', { params: { path: { id, stage } } })),
    refetchInterval: live ? 5_000 : false,
  })
}

export function usePresets() {
  return useQuery({ queryKey: ['presets'], queryFn: () => answer(api.GET('/api/v1/presets')) })
}

/** What an override may set: the same until the next release. */
export function useConfigFields() {
  return useQuery({
    queryKey: ['presets', 'fields'],
    queryFn: () => answer(api.GET('/api/v1/presets/fields')),
    staleTime: Number.POSITIVE_INFINITY,
  })
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

/** The names of a run's curves, each with its last point; `live` asks again while the run goes on. */
export function useRunCurves(runId: string, live: boolean) {
  return useQuery({
    queryKey: ['runs', runId, 'curves'],
    queryFn: () => answer(api.GET('/api/v1/runs/{id}/curves', { params: { path: { id: runId } } })),
    refetchInterval: live ? CURVES_MS : false,
  })
}

/** Some of a run's curves, thinned to what a chart shows. */
export function useRunMetrics(runId: string, names: string[], live: boolean) {
  return useQuery({
    queryKey: ['runs', runId, 'metrics', names],
    queryFn: () =>
      answer(
        api.GET('/api/v1/runs/{id}/metrics', {
          params: { path: { id: runId }, query: { names: names.join(',') } },
        }),
      ),
    enabled: names.length > 0,
    refetchInterval: live ? CURVES_MS : false,
    placeholderData: keepPreviousData,
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

/** What a plan would mean, while it is being written. */
export function useStarts(cron: string, timezone: string, firstRunAt: string) {
  return useQuery({
    queryKey: [...scheduleKey, 'starts', cron, timezone, firstRunAt],
    queryFn: () =>
      answer(
        api.GET('/api/v1/schedule/starts', {
          params: { query: { cron, timezone, ...(firstRunAt && { first_run_at: firstRunAt }) } },
        }),
      ),
    placeholderData: keepPreviousData,
    retry: false,
  })
}

export function useChangeSchedule() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: ScheduleChange) => answer(api.PUT('/api/v1/schedule', { body })),
    onSuccess: (schedule) => client.setQueryData(scheduleKey, schedule),
  })
}
