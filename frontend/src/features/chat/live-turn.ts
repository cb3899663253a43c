import type { TurnEvent } from '@/api/turn-events'
import type { Candidate, Turn } from '@/api/types'

/** A turn while its candidates are being written: what the stream has said so far. */
export interface LiveTurn {
  turn: Turn
  /** The last event taken in; what is replayed up to there is already in the text. */
  lastId: string
  /** Candidates are held back until both are complete. */
  held: boolean
  /** How many turns wait before this one; `null` once it is being written. */
  queued: number | null
}

export function liveTurn(turn: Turn): LiveTurn {
  return { turn, lastId: '', held: false, queued: null }
}

/** Stream ids are `milliseconds-number`, both growing. */
function isAfter(id: string, last: string): boolean {
  if (!id || !last) return true
  const [ms = 0, number = 0] = id.split('-').map(Number)
  const [lastMs = 0, lastNumber = 0] = last.split('-').map(Number)
  return ms > lastMs || (ms === lastMs && number > lastNumber)
}

function withCandidates(turn: Turn, change: (candidate: Candidate) => Candidate): Turn {
  return { ...turn, candidates: turn.candidates.map(change) }
}

/** What one event makes of the turn. `state` and `done` are the whole truth so far; the others change a little of it. */
export function advance(live: LiveTurn, message: TurnEvent): LiveTurn {
  if (message.event === 'state' || message.event === 'done') {
    return { ...live, turn: message.data, lastId: message.id || live.lastId, queued: null }
  }
  const next = { ...live, lastId: message.id || live.lastId }
  switch (message.event) {
    case 'delta': {
      if (!isAfter(message.id, live.lastId)) return live
      const { candidate: shown, text } = message.data
      const turn = withCandidates(live.turn, (row) =>
        row.shown === shown ? { ...row, text: row.text + text } : row,
      )
      return { ...next, turn, queued: null }
    }
    case 'held':
      return { ...next, held: true, queued: null }
    case 'queued':
      return { ...next, queued: message.data.position }
    case 'reset':
      if (!isAfter(message.id, live.lastId)) return live
      return {
        ...next,
        turn: withCandidates(live.turn, (row) => ({ ...row, text: '', status: 'pending', finish: null })),
        queued: null,
      }
    case 'error':
      return { ...next, turn: { ...live.turn, status: 'failed', error: message.data.detail } }
  }
}
