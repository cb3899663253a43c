import { problemOf, Unreachable } from '@/api/problem'
import { eventsOf } from '@/api/sse'
import type { PlaygroundAsk } from '@/api/types'

/** What one response's stream says, in the order it says it. */
export type PlaygroundEvent =
  | { event: 'loading' }
  | { event: 'delta'; text: string }
  | { event: 'done'; finish: string; completion_tokens: number | null; total_ms: number }
  | { event: 'score'; pm: string; score: number | null }
  | { event: 'error'; detail: string }

/** Asks one policy, and tells of its response as it comes. Throws the `Problem` when the server refuses. */
export async function talk(
  ask: PlaygroundAsk,
  csrfToken: string,
  onEvent: (event: PlaygroundEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch('/api/v1/playground', {
    method: 'POST',
    headers: {
      Accept: 'text/event-stream',
      'Content-Type': 'application/json',
      'X-CSRF-Token': csrfToken,
    },
    body: JSON.stringify(ask),
    signal,
  }).catch((cause: unknown) => {
    if (signal.aborted) throw cause
    throw new Unreachable(cause)
  })
  if (!response.ok || !response.body) throw await problemOf(response)
  for await (const { event, data } of eventsOf(response.body)) {
    onEvent({ event, ...(data as object) } as PlaygroundEvent)
  }
}
