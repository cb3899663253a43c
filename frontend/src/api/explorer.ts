import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { FoundPage } from '@/api/types'

const transcriptKey = (id: string) => ['transcript', id] as const
const conversation = (conversation_id: string) => ({ params: { path: { conversation_id } } })

/** What there is to choose from when one looks for conversations. */
export function useFilterChoices() {
  return useQuery({
    queryKey: ['conversations', 'filters'],
    queryFn: () => answer(api.GET('/api/v1/explorer/filters')),
    staleTime: 60_000,
  })
}

/** Conversations, newest first, a page after the other. What is there stays on screen while the next is looked for. */
export function useConversations(filters: Record<string, string>) {
  return useInfiniteQuery({
    queryKey: ['conversations', filters],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET('/api/v1/explorer/conversations', {
          params: { query: { ...filters, ...(pageParam && { before: pageParam }) } as object },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last: FoundPage) => last.next,
    placeholderData: keepPreviousData,
  })
}

export function useTranscript(id: string) {
  return useQuery({
    queryKey: transcriptKey(id),
    queryFn: () => answer(api.GET('/api/v1/explorer/conversations/{conversation_id}', conversation(id))),
  })
}

/** The words of a red-team conversation, for as long as this page is open. The server notes who reads what. */
export function useOpenTranscript(id: string) {
  return useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v1/explorer/conversations/{conversation_id}/openings', conversation(id))),
  })
}

/** `reason: null`: let it in again. */
export function useExcludeComparison(conversationId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string | null }) =>
      answer(
        api.PUT('/api/v1/comparisons/{comparison_id}/exclusion', {
          params: { path: { comparison_id: id } },
          body: { reason },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: transcriptKey(conversationId) }),
  })
}

export function useExcludeCrowdworker(conversationId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string | null }) =>
      answer(
        api.PUT('/api/v1/accounts/{account_id}/exclusion', {
          params: { path: { account_id: id } },
          body: { reason },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: transcriptKey(conversationId) }),
  })
}
