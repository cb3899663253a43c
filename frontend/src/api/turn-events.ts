import { Problem, problemOf } from '@/api/problem'
import type { Shown, Turn } from '@/api/types'

/** What the one stream of a turn says, in the order it says it; each carries the stream's id. */
export type TurnEvent = { id: string } & (
  | { event: 'state' | 'done'; data: Turn }
  | { event: 'delta'; data: { candidate: Shown; text: string } }
  | { event: 'held'; data: Record<string, never> }
  | { event: 'queued'; data: { position: number } }
  | { event: 'reset'; data: { attempt: number } }
  | { event: 'error'; data: { detail: string } }
)

const KNOWN = new Set<string>(['state', 'delta', 'held', 'queued', 'reset', 'done', 'error'])
const SILENCE_MS = 45_000 // the server says something (a comment at least) every 15 s
const WAITS_MS = [300, 1_000, 2_000, 4_000]

/** One block of the stream (the lines between two blank ones); `null` for comments and unknown events. */
export function parseEvent(block: string): TurnEvent | null {
  let id = ''
  let event = 'message'
  const data: string[] = []
  for (const line of block.split(/\r\n|\r|\n/)) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'id') id = value
    else if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  if (!KNOWN.has(event) || data.length === 0) return null
  return { id, event, data: JSON.parse(data.join('\n')) } as TurnEvent
}

async function* events(body: ReadableStream<Uint8Array>, onSign: () => void): AsyncGenerator<TurnEvent> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let buffer = ''
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) return
      onSign()
      buffer += decoder.decode(value, { stream: true })
      const blocks = buffer.split(/\r\n\r\n|\n\n|\r\r/)
      buffer = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = parseEvent(block)
        if (event) yield event
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

interface Listener {
  onEvent: (event: TurnEvent) => void
  /** False while the stream is cut and being opened again. */
  onConnected: (connected: boolean) => void
  signal: AbortSignal
}

/**
 * Follows a turn to its end, through cut connections and restarts of the server. Resolves at `done` or `error`; throws
 * the `Problem` when the server says that there is nothing to follow (signed out, not one's own turn).
 *
 * `fetch`, not `EventSource`: that one gives up for good at the first 502 of a restarting server, and hides a 401.
 */
export async function followTurn(turnId: string, { onEvent, onConnected, signal }: Listener): Promise<void> {
  let lastId = ''
  for (let failures = 0; !signal.aborted; failures++) {
    if (failures > 0) await pause(WAITS_MS[Math.min(failures, WAITS_MS.length) - 1] ?? 0, signal)
    const connection = new AbortController()
    const giveUp = () => connection.abort()
    signal.addEventListener('abort', giveUp)
    let silence = setTimeout(giveUp, SILENCE_MS)
    try {
      const response = await fetch(`/api/v1/turns/${turnId}/events`, {
        headers: { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) },
        signal: connection.signal,
      })
      if (!response.ok || !response.body) throw await problemOf(response)
      const onSign = () => {
        clearTimeout(silence)
        silence = setTimeout(giveUp, SILENCE_MS)
      }
      for await (const event of events(response.body, onSign)) {
        failures = 0
        onConnected(true)
        if (event.id) lastId = event.id
        onEvent(event)
        if (event.event === 'done' || event.event === 'error') return
      }
    } catch (error) {
      if (error instanceof Problem && error.status < 500 && error.status !== 429) throw error
    } finally {
      clearTimeout(silence)
      signal.removeEventListener('abort', giveUp)
    }
    if (!signal.aborted) onConnected(false)
  }
}

/** Waits, but goes on at once when the network comes back. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, ms)
    function finish() {
      clearTimeout(timer)
      window.removeEventListener('online', finish)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    window.addEventListener('online', finish)
    signal.addEventListener('abort', finish)
  })
}
