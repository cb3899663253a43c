import { useEffect, useRef, useState } from 'react'
import { type PlaygroundEvent, talk } from '@/api/playground'
import { useSession } from '@/api/session'
import { words } from './words'

export interface Exchange {
  said: string
  response: string
  /** What stands in place of words that are not there yet, or below those that are. */
  state: 'waiting' | 'loading' | 'speaking' | 'done' | 'stopped' | 'failed'
  detail: string | null
  finish: string | null
  tokens: number | null
  seconds: number | null
  pm: string | null
  score: number | null
}

export interface Sampling {
  maxTokens: number
  temperature: number
}

/** A dialogue with one policy. It lives here alone: nothing keeps it when the page is left. */
export function useDialogue(snapshot: string) {
  const csrfToken = useSession().data?.csrf_token ?? ''
  const [exchanges, setExchanges] = useState<Exchange[]>([])
  const stop = useRef<AbortController | null>(null)
  const spoken = useRef(exchanges)
  spoken.current = exchanges
  useEffect(() => () => stop.current?.abort(), [])

  function change(part: (last: Exchange) => Partial<Exchange>) {
    setExchanges((all) => all.map((one, at) => (at === all.length - 1 ? { ...one, ...part(one) } : one)))
  }

  async function say(said: string, { maxTokens, temperature }: Sampling) {
    const before = spoken.current.filter((one) => one.state === 'done' && one.response !== '')
    setExchanges((all) => [...all, waiting(said)])
    const own = new AbortController()
    stop.current = own
    const ask = {
      snapshot,
      messages: [
        ...before.flatMap((one) => [
          { role: 'user' as const, content: one.said },
          { role: 'assistant' as const, content: one.response },
        ]),
        { role: 'user' as const, content: said },
      ],
      max_tokens: maxTokens,
      temperature,
      seed: Math.floor(Math.random() * 2 ** 31),
    }
    try {
      await talk(ask, csrfToken, (event) => change((last) => after(last, event)), own.signal)
      change((last) =>
        last.state === 'done' || last.state === 'failed'
          ? {}
          : { state: 'failed', detail: words.interrupted },
      )
    } catch (error) {
      const detail = error instanceof Error ? error.message : words.interrupted
      change(() =>
        own.signal.aborted ? { state: 'stopped', detail: words.stopped } : { state: 'failed', detail },
      )
    }
  }

  const last = exchanges.at(-1)
  return {
    exchanges,
    isBusy: last !== undefined && !['done', 'stopped', 'failed'].includes(last.state),
    say,
    stop: () => stop.current?.abort(),
    forget: () => {
      stop.current?.abort()
      setExchanges([])
    },
  }
}

function waiting(said: string): Exchange {
  return {
    said,
    response: '',
    state: 'waiting',
    detail: null,
    finish: null,
    tokens: null,
    seconds: null,
    pm: null,
    score: null,
  }
}

function after(last: Exchange, event: PlaygroundEvent): Partial<Exchange> {
  switch (event.event) {
    case 'loading':
      return { state: 'loading' }
    case 'delta':
      return { state: 'speaking', response: last.response + event.text }
    case 'done':
      return {
        state: 'done',
        finish: event.finish,
        tokens: event.completion_tokens,
        seconds: event.total_ms / 1000,
      }
    case 'score':
      return { pm: event.pm, score: event.score }
    case 'error':
      return { state: 'failed', detail: event.detail }
  }
}
