import { useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: () => answer(api.GET('/api/v1/overview')),
    refetchInterval: 15_000,
  })
}

export function useFigure(name: string) {
  return useQuery({
    queryKey: ['figures', name],
    queryFn: () => answer(api.GET('/api/v1/figures/{name}', { params: { path: { name } } })),
    staleTime: 60_000,
  })
}

/** Which figures there are: a new one needs nothing here. */
export function useFigures() {
  return useQuery({
    queryKey: ['figures'],
    queryFn: () => answer(api.GET('/api/v1/figures')),
    staleTime: Infinity,
  })
}
