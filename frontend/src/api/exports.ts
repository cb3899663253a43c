import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { Export, ExportWanted } from '@/api/types'

const exportsKey = ['exports'] as const
const POLL_MS = 2_000

export const isOpen = ({ status }: Export) => status === 'waiting' || status === 'running'

/** The newest first; asked again every two seconds while one is being made. */
export function useExports() {
  return useQuery({
    queryKey: exportsKey,
    queryFn: () => answer(api.GET('/api/v1/exports')),
    refetchInterval: ({ state }) => (state.data?.some(isOpen) ? POLL_MS : 30_000),
  })
}

export function useExportFormats() {
  return useQuery({
    queryKey: [...exportsKey, 'formats'],
    queryFn: () => answer(api.GET('/api/v1/exports/formats')),
    staleTime: Infinity,
  })
}

function useExportMutation<Input>(request: (input: Input) => Promise<Export>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: request,
    onSettled: () => client.invalidateQueries({ queryKey: exportsKey, exact: true }),
  })
}

export function useAskForExport() {
  return useExportMutation((body: ExportWanted) => answer(api.POST('/api/v1/exports', { body })))
}

export function useCancelExport() {
  return useExportMutation((export_id: string) =>
    answer(api.POST('/api/v1/exports/{export_id}/cancel', { params: { path: { export_id } } })),
  )
}

export function useDeleteExport() {
  return useExportMutation((export_id: string) =>
    answer(api.DELETE('/api/v1/exports/{export_id}/file', { params: { path: { export_id } } })),
  )
}

/** Where the browser finds the file; the server notes who took it. */
export function fileOf(id: string): string {
  return `/api/v1/exports/${id}/file`
}
