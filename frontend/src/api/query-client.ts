import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { isPassing, isSignedOut } from '@/api/problem'

/** `null`: signed out. Set from anywhere as soon as one request says 401, so that the page asks to sign in again. */
export const sessionKey = ['session'] as const

export function makeQueryClient(): QueryClient {
  const signOutOn401 = (error: unknown) => {
    if (isSignedOut(error)) client.setQueryData(sessionKey, null)
  }
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: signOutOn401 }),
    mutationCache: new MutationCache({ onError: signOutOn401 }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => isPassing(error) && failures < 3,
      },
    },
  })
  return client
}
