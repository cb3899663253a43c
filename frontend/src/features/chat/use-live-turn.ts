import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useReducer, useState } from 'react'
import { keepTurn } from '@/api/conversations'
import { isSignedOut } from '@/api/problem'
import { sessionKey } from '@/api/query-client'
import { followTurn, type TurnEvent } from '@/api/turn-events'
import type { Turn } from '@/api/types'
import { advance, type LiveTurn, liveTurn } from './live-turn'

interface Following extends LiveTurn {
  connected: boolean
  error: Error | null
}

/**
 * Follows the turn while it is being written and puts the finished one into its conversation. Generation belongs to the
 * turn: leaving the page only stops looking.
 */
export function useLiveTurn(conversationId: string, turn: Turn): Following {
  const client = useQueryClient()
  const [live, dispatch] = useReducer(
    (state: LiveTurn, step: TurnEvent | Turn) => ('event' in step ? advance(state, step) : liveTurn(step)),
    turn,
    liveTurn,
  )
  const [connected, setConnected] = useState(true)
  const [error, setError] = useState<Error | null>(null)
  const generating = turn.status === 'generating'

  // biome-ignore lint/correctness/useExhaustiveDependencies: the row seen at the start is enough; the stream tells the rest
  useEffect(() => {
    if (!generating) return
    const leaving = new AbortController()
    dispatch(turn)
    setError(null)
    followTurn(turn.id, {
      signal: leaving.signal,
      onConnected: setConnected,
      onEvent: (event) => {
        dispatch(event)
        if (event.event === 'done') keepTurn(client, conversationId, event.data)
        if (event.event === 'error') {
          keepTurn(client, conversationId, { ...turn, status: 'failed', error: event.data.detail })
        }
      },
    }).catch((problem: Error) => {
      if (isSignedOut(problem)) client.setQueryData(sessionKey, null)
      else setError(problem)
    })
    return () => leaving.abort()
  }, [turn.id, generating, conversationId, client])

  return generating
    ? { ...live, connected, error }
    : { turn, lastId: '', held: false, queued: null, connected: true, error: null }
}
