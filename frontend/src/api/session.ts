import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api, rememberCsrfToken } from '@/api/client'
import { isSignedOut } from '@/api/problem'
import { sessionKey } from '@/api/query-client'
import type { Role, Session } from '@/api/types'

/** Who is signed in; `null` when nobody is. */
export function useSession() {
  return useQuery({
    queryKey: sessionKey,
    queryFn: async (): Promise<Session | null> => {
      try {
        const session = await answer(api.GET('/api/v1/session'))
        rememberCsrfToken(session.csrf_token)
        return session
      } catch (error) {
        if (isSignedOut(error)) return null
        throw error
      }
    },
  })
}

/** What every request that answers with a `Session` does with it. */
export function useKeepSession() {
  const client = useQueryClient()
  return (session: Session) => {
    rememberCsrfToken(session.csrf_token)
    client.setQueryData(sessionKey, session)
  }
}

export function useSignIn() {
  const keep = useKeepSession()
  return useMutation({
    mutationFn: (body: { username: string; password: string }) =>
      answer(api.POST('/api/v1/session', { body })),
    onSuccess: keep,
  })
}

export function useSignUp() {
  const keep = useKeepSession()
  return useMutation({
    mutationFn: (body: { username: string; password: string; consent: true; invitation?: string }) =>
      answer(api.POST('/api/v1/accounts', { body })),
    onSuccess: keep,
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.DELETE('/api/v1/session')),
    onSuccess: () => {
      client.clear() // nothing of this person stays in memory for the next one
      client.setQueryData(sessionKey, null)
    },
  })
}

export function useInvitation(token: string) {
  return useQuery({
    queryKey: ['invitation', token],
    queryFn: () => answer(api.GET('/api/v1/invitations/{token}', { params: { path: { token } } })),
  })
}

export function useInvite() {
  return useMutation({
    mutationFn: (body: { role: Role; note: string }) => answer(api.POST('/api/v1/invitations', { body })),
  })
}

export function useRedTeamOptIn() {
  const keep = useKeepSession()
  return useMutation({
    mutationFn: (optIn: boolean) =>
      answer(api.POST('/api/v1/account/red-team-opt-in', { body: { opt_in: optIn } })),
    onSuccess: keep,
  })
}
