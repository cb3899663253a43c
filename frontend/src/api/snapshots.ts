import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { Generation, Share } from '@/api/types'

export function useSnapshots() {
  return useQuery({ queryKey: ['snapshots'], queryFn: () => answer(api.GET('/api/v1/snapshots')) })
}

/** Every generation of every task, newest first; task `null` is the scoring PM. */
export function useDeployments() {
  return useQuery({ queryKey: ['deployments'], queryFn: () => answer(api.GET('/api/v1/deployments')) })
}

function useDeploymentMutation<Input>(request: (input: Input) => Promise<Generation>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: request,
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['deployments'] }),
        client.invalidateQueries({ queryKey: ['snapshots'] }),
      ]),
  })
}

export function useDeploy(slug: string) {
  return useDeploymentMutation((body: { deployments: Share[]; reason: string | null }) =>
    answer(api.PUT('/api/v1/tasks/{slug}/deployments', { params: { path: { slug } }, body })),
  )
}

export function useRollback(slug: string) {
  return useDeploymentMutation((reason: string) =>
    answer(
      api.POST('/api/v1/tasks/{slug}/rollback', {
        params: { path: { slug } },
        body: { reason: reason || null },
      }),
    ),
  )
}
