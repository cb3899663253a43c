import createClient, { type Middleware } from 'openapi-fetch'
import { problemOf, Unreachable } from '@/api/problem'
import type { paths } from '@/api/schema'

/** The token that the server's session expects back with every change. It comes with each `Session` answer. */
let csrfToken = ''

export function rememberCsrfToken(token: string): void {
  csrfToken = token
}

const edges: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('X-CSRF-Token', csrfToken)
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response)
  },
  onError({ error }) {
    return new Unreachable(error)
  },
}

/** Typed by the server's OpenAPI: a path, field or answer that drifts is a compile error. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call, so that tests can put a server of their own there.
  fetch: (request) => globalThis.fetch(request),
})
api.use(edges)

/** The body of an answer that has one; refusals have already been thrown as `Problem`. */
export async function answer<Body>(request: Promise<{ data?: Body }>): Promise<Body> {
  const { data } = await request
  return data as Body
}
