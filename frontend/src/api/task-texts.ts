import { useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

const path = (slug: string) => ({ params: { path: { slug } } })

export function useGuide(slug: string) {
  return useQuery({
    queryKey: ['guide', slug],
    queryFn: () => answer(api.GET('/api/v1/tasks/{slug}/guide', path(slug))),
  })
}
