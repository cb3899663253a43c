import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

const messagesKey = ['messages'] as const
const unreadKey = ['messages', 'unread'] as const
const threadsKey = ['threads'] as const
const threadKey = (accountId: string) => [...threadsKey, accountId] as const

/** One's own thread, oldest first. Asking for it is reading it. */
export function useMessages() {
  const client = useQueryClient()
  return useQuery({
    queryKey: messagesKey,
    queryFn: async () => {
      const thread = await answer(api.GET('/api/v1/messages'))
      client.setQueryData(unreadKey, { count: 0 })
      return thread
    },
    refetchInterval: 20_000,
  })
}

/** How many answers wait to be read; asked for now and then, so that the badge appears by itself. */
export function useUnread(enabled = true) {
  return useQuery({
    queryKey: unreadKey,
    queryFn: () => answer(api.GET('/api/v1/messages/unread')),
    enabled,
    staleTime: 30_000,
    refetchInterval: 60_000,
  })
}

export function useWriteToResearchers() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: { text: string; turn_id?: string }) => answer(api.POST('/api/v1/messages', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: messagesKey, exact: true }),
  })
}

/** All crowdworkers' threads, for researchers; newest first. */
export function useThreads() {
  return useQuery({
    queryKey: threadsKey,
    queryFn: () => answer(api.GET('/api/v1/threads')),
    refetchInterval: 30_000,
  })
}

/** One thread. Asking for it marks the crowdworker's messages as read, so the list is asked for again. */
export function useThread(accountId: string) {
  const client = useQueryClient()
  return useQuery({
    queryKey: threadKey(accountId),
    queryFn: async () => {
      const thread = await answer(
        api.GET('/api/v1/threads/{account_id}', { params: { path: { account_id: accountId } } }),
      )
      void client.invalidateQueries({ queryKey: threadsKey, exact: true })
      return thread
    },
    refetchInterval: 20_000,
  })
}

export function useAnswerThread(accountId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (text: string) =>
      answer(
        api.POST('/api/v1/threads/{account_id}', {
          params: { path: { account_id: accountId } },
          body: { text },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: threadsKey }),
  })
}
