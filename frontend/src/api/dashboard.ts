import { useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

/** Often while something is being trained, for its progress is there. */
export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: () => answer(api.GET('/api/v1/overview')),
    refetchInterval: ({ state }) => (state.data?.training?.status === 'running' ? 5_000 : 20_000),
  })
}

/** Whether responses come; apart from the rows, which do not wait for a server that is away. */
export function useInference() {
  return useQuery({
    queryKey: ['overview', 'inference'],
    queryFn: () => answer(api.GET('/api/v1/overview/inference')),
    refetchInterval: 20_000,
  })
}

/** What a figure may be asked for; each takes what it knows. `of` is only a reason to ask again. */
export interface Asked {
  iteration?: string | null
  snapshot?: string | null
  crowdworker?: string | null
  task?: string | null
  week?: string | null
  of?: string
}

export function useFigure(name: string, asked: Asked = {}) {
  return useQuery({
    queryKey: ['figures', name, asked],
    queryFn: () =>
      answer(api.GET('/api/v1/figures/{name}', { params: { path: { name }, query: queryOf(asked) } })),
    staleTime: 60_000,
    placeholderData: (before) => before,
  })
}

/** Where the browser finds the figure's numbers as a file. */
export function csvOf(name: string, asked: Asked = {}): string {
  const query = new URLSearchParams(queryOf(asked)).toString()
  return `/api/v1/figures/${name}/csv${query && `?${query}`}`
}

function queryOf({ iteration, task, week, snapshot, crowdworker }: Asked) {
  return {
    ...(iteration && { iteration }),
    ...(task && { task }),
    ...(week && { week }),
    ...(snapshot && { snapshot }),
    ...(crowdworker && { crowdworker }),
  }
}

/** Evaluated PMs, the newest first. */
export function usePreferenceModels() {
  return useQuery({
    queryKey: ['preference-models'],
    queryFn: () => answer(api.GET('/api/v1/preference-models')),
    refetchInterval: 60_000,
  })
}

/** Each iteration's policy training, the newest first. */
export function usePolicyRuns() {
  return useQuery({
    queryKey: ['policy-runs'],
    queryFn: () => answer(api.GET('/api/v1/policy-runs')),
    refetchInterval: 60_000,
  })
}
