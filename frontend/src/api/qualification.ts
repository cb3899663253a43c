import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { tasksKey, visitKey } from '@/api/assignments'
import { answer, api } from '@/api/client'

const qualificationKey = (slug: string) => ['qualification', slug] as const
const path = (slug: string) => ({ params: { path: { slug } } })

export function useQualification(slug: string) {
  return useQuery({
    queryKey: qualificationKey(slug),
    queryFn: () => answer(api.GET('/api/v1/tasks/{slug}/qualification', path(slug))),
    staleTime: Number.POSITIVE_INFINITY, // pairs that change under somebody's hands are told when they are sent
  })
}

/** Hands in one try. Refused without costing one when the researchers have changed the pairs meanwhile. */
export function useQualify(slug: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: { text_version: number; picked: ('a' | 'b')[] }) =>
      answer(api.POST('/api/v1/tasks/{slug}/qualification', { ...path(slug), body })),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: tasksKey })
      void client.invalidateQueries({ queryKey: qualificationKey(slug) })
      void client.invalidateQueries({ queryKey: visitKey })
    },
  })
}
