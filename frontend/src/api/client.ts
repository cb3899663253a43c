import type { Client } from 'openapi-fetch'
import { problemOf, Unreachable } from '@/api/problem'
import type { paths } from '@/api/schema'

/** The token that the server's session expects back with every change. It comes with each `Session` answer. */
let csrfToken = ''

export function rememberCsrfToken(token: string): void {
  csrfToken = token
}

interface Options {
  params?: { path?: Record<string, string>; query?: Record<string, unknown> }
  body?: unknown
  parseAs?: 'json' | 'text'
}

async function send(method: string, template: string, { params, body, parseAs }: Options = {}) {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params?.path?.[name] ?? ''),
  )
  const url = new URL(path, window.location.origin)
  for (const [name, value] of Object.entries(params?.query ?? {})) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value))
  }
  const headers = new Headers({ Accept: 'application/json' })
  if (method !== 'GET') headers.set('X-CSRF-Token', csrfToken)
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  const request = new Request(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const response = await fetch(request).catch((cause: unknown) => {
    throw new Unreachable(cause)
  })
  if (!response.ok) throw await problemOf(response)
  if (parseAs === 'text') return { data: await response.text() }
  return { data: response.status === 204 ? undefined : await response.json() }
}

const verb = (method: string) => (template: string, options?: Options) => send(method, template, options)

/** Typed by the server's OpenAPI: a path, field or answer that drifts is a compile error. Of openapi-fetch only the types
 * are used; what it does beyond this, the page has no use for and would have to load. */
export const api = {
  GET: verb('GET'),
  POST: verb('POST'),
  PUT: verb('PUT'),
  DELETE: verb('DELETE'),
} as unknown as Pick<Client<paths>, 'GET' | 'POST' | 'PUT' | 'DELETE'>

/** The body of an answer that has one; refusals have already been thrown as `Problem`. */
export async function answer<Body>(request: Promise<{ data?: Body }>): Promise<Body> {
  const { data } = await request
  return data as Body
}
