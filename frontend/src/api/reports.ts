import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

const reportsKey = ['reports'] as const

/** What crowdworkers pointed at, for researchers. */
export function useReports() {
  return useQuery({
    queryKey: reportsKey,
    queryFn: () => answer(api.GET('/api/v1/reports')),
    refetchInterval: 60_000,
  })
}

export function useHandleReport() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      answer(api.POST('/api/v1/reports/{report_id}/handled', { params: { path: { report_id: id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: reportsKey }),
  })
}
