import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { AuditPage } from '@/api/types'

export const auditKey = ['audit'] as const

/** Who has changed something, and what kinds of changes there were. */
export function useAuditChoices() {
  return useQuery({
    queryKey: [...auditKey, 'filters'],
    queryFn: () => answer(api.GET('/api/v1/audit/filters')),
    staleTime: 60_000,
  })
}

/** Changes, newest first, a page after the other. */
export function useAuditLog(filters: Record<string, string>) {
  return useInfiniteQuery({
    queryKey: [...auditKey, filters],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/audit', {
          params: { query: { ...filters, ...(pageParam && { before: pageParam }) } as object },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last: AuditPage) => last.next,
    placeholderData: keepPreviousData,
  })
}

/** One of them with its long texts, line by line. */
export function useAuditEntry(id: number) {
  return useQuery({
    queryKey: [...auditKey, id],
    queryFn: () =>
      answer(api.GET('/api/v1/audit/{event_id}', { params: { path: { event_id: String(id) as never } } })),
    staleTime: Infinity, // what happened stays as it was
  })
}

/** Where the browser finds the same as a file. */
export function auditFile(filters: Record<string, string>): string {
  const query = new URLSearchParams(filters).toString()
  return `/api/v1/audit/csv${query && `?${query}`}`
}
