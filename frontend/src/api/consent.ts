import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { useKeepSession } from '@/api/session'

export const consentKey = ['consent'] as const

/** The newest text that people agree to. Public: it is read before there is an account. */
export function useConsentText() {
  return useQuery({
    queryKey: consentKey,
    queryFn: () => answer(api.GET('/api/v1/consent')),
  })
}

/** Agrees to the version that was read. When that is no longer the newest, the newest is fetched. */
export function useAgree() {
  const keep = useKeepSession()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (version: number) => answer(api.POST('/api/v1/account/consent', { body: { version } })),
    onSuccess: keep,
    onError: () => client.invalidateQueries({ queryKey: consentKey }),
  })
}
