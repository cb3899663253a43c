import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import type { NewReceiver, ReceiverSettings } from '@/api/types'

const notificationsKey = ['notifications'] as const
const receiver = (id: string) => ({ params: { path: { receiver_id: id } } })

/** Who is told, and what became of it; asked again soon while something is on its way. */
export function useNotifications() {
  return useQuery({
    queryKey: notificationsKey,
    queryFn: () => answer(api.GET('/api/v1/notifications')),
    refetchInterval: ({ state }) =>
      state.data?.deliveries.some(({ status }) => status === 'waiting') ? 2_000 : 30_000,
  })
}

function useChange<Input, Answer>(request: (input: Input) => Promise<Answer>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: request,
    onSettled: () => client.invalidateQueries({ queryKey: notificationsKey }),
  })
}

export function useAddReceiver() {
  return useChange((body: NewReceiver) => answer(api.POST('/api/v1/notifications/receivers', { body })))
}

export function useChangeReceiver(id: string) {
  return useChange((body: ReceiverSettings) =>
    answer(api.PUT('/api/v1/notifications/receivers/{receiver_id}', { ...receiver(id), body })),
  )
}

export function useRemoveReceiver(id: string) {
  return useChange(() => answer(api.DELETE('/api/v1/notifications/receivers/{receiver_id}', receiver(id))))
}

export function useTestReceiver(id: string) {
  return useChange(() => answer(api.POST('/api/v1/notifications/receivers/{receiver_id}/test', receiver(id))))
}

export function useTryAgain(id: string) {
  return useChange(() =>
    answer(
      api.POST('/api/v1/notifications/deliveries/{delivery_id}/try-again', {
        params: { path: { delivery_id: id } },
      }),
    ),
  )
}
