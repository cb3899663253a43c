import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { Deploy, Generation, Snapshot } from '@/api/types'

const AT_A_TIME = 50 // as the server gives them

export interface SnapshotFilter {
  kind?: 'policy' | 'pm'
  retired?: boolean
}

/** Newest first, a page after the other. */
export function useSnapshots({ kind, retired = false }: SnapshotFilter = {}) {
  return useInfiniteQuery({
    queryKey: ['snapshots', kind ?? 'all', retired],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/snapshots', {
          params: { query: { ...(kind && { kind }), retired, ...(pageParam && { before: pageParam }) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (last: Snapshot[]) => (last.length < AT_A_TIME ? null : last.at(-1)?.name),
  })
}

/** All of them, to choose from. */
export function useSnapshotNames() {
  return useQuery({
    queryKey: ['snapshots', 'names'],
    queryFn: () => answer(api.GET('/api/v1/snapshot-names')),
  })
}

export function useSnapshot(name: string) {
  return useQuery({
    queryKey: ['snapshots', 'page', name],
    queryFn: () => answer(api.GET('/api/v1/snapshots/{name}', { params: { path: { name } } })),
  })
}

export interface Compared {
  a: string | null
  b: string | null
}

/** What two snapshots say to the fixed prompts; without names the server chooses. */
export function useSamples({ a, b }: Compared) {
  return useQuery({
    queryKey: ['samples', a, b],
    queryFn: () =>
      answer(api.GET('/api/v1/samples', { params: { query: { ...(a && { a }), ...(b && { b }) } } })),
  })
}

/** The same with the words of red-team prompts, for as long as the page is open. The server notes who reads what. */
export function useOpenSamples() {
  return useMutation({
    mutationFn: (query: { a: string; b: string }) =>
      answer(api.POST('/api/v1/samples/openings', { params: { query } })),
  })
}

/** Every generation of every task, newest first; task `null` is the scoring PM. */
export function useDeployments() {
  return useQuery({ queryKey: ['deployments'], queryFn: () => answer(api.GET('/api/v1/deployments')) })
}

function useChange<Input, Answer>(request: (input: Input) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: request,
    onSettled: () =>
      Promise.all(
        ['deployments', 'snapshots', 'figures'].map((key) => client.invalidateQueries({ queryKey: [key] })),
      ),
  })
}

export function useDeploy(slug: string) {
  return useChange((body: Deploy) =>
    answer(api.PUT('/api/v1/tasks/{slug}/deployments', { params: { path: { slug } }, body })),
  )
}

/** `seen` is the generation that was on screen: another one is never replaced unseen. */
export interface Decision {
  reason: string
  seen: number
}

export function useDecide(slug: string, what: 'promote' | 'rollback') {
  return useChange<Decision, Generation>(({ reason, seen }) =>
    answer(
      api.POST(`/api/v1/tasks/{slug}/${what}`, {
        params: { path: { slug } },
        body: { reason: reason || null, seen },
      }),
    ),
  )
}

export function useRetire(name: string) {
  return useChange((reason: string) =>
    answer(api.POST('/api/v1/snapshots/{name}/retire', { params: { path: { name } }, body: { reason } })),
  )
}

export function useUnretire(name: string) {
  return useChange((reason: string) =>
    answer(
      api.POST('/api/v1/snapshots/{name}/unretire', {
        params: { path: { name } },
        body: { reason: reason || null },
      }),
    ),
  )
}
