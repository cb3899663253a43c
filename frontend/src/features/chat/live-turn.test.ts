import { describe, expect, it } from 'vitest'
import { turn, writing } from '@/testing/rows'
import { advance, type LiveTurn, liveTurn } from './live-turn'

const texts = (live: LiveTurn) => live.turn.candidates.map((candidate) => candidate.text)
const start = () => advance(liveTurn(writing()), { event: 'state', id: '5-0', data: writing() })

describe('a turn that is being written', () => {
  it('grows by deltas, each candidate on its own', () => {
    let live = start()
    live = advance(live, { event: 'delta', id: '5-1', data: { candidate: 'a', text: 'Sev' } })
    live = advance(live, { event: 'delta', id: '5-2', data: { candidate: 'b', text: 'Ask' } })
    live = advance(live, { event: 'delta', id: '6-0', data: { candidate: 'a', text: 'en' } })
    expect(texts(live)).toEqual(['Seven', 'Ask'])
  })

  it('does not repeat what a reconnected stream says again', () => {
    let live = start()
    live = advance(live, { event: 'delta', id: '5-1', data: { candidate: 'a', text: 'Seven' } })
    const soFar = writing({
      candidates: writing().candidates.map((row) =>
        row.shown === 'a' ? { ...row, text: 'Seven min' } : row,
      ),
    })
    live = advance(live, { event: 'state', id: '5-10', data: soFar })
    live = advance(live, { event: 'delta', id: '5-2', data: { candidate: 'a', text: ' min' } })
    live = advance(live, { event: 'delta', id: '5-10', data: { candidate: 'a', text: 'min' } })
    live = advance(live, { event: 'delta', id: '5-11', data: { candidate: 'a', text: 'utes' } })
    expect(texts(live)).toEqual(['Seven minutes', ''])
  })

  it('forgets the text at a reset, but not what was announced about holding back', () => {
    let live = advance(start(), { event: 'held', id: '5-0', data: {} })
    live = advance(live, { event: 'delta', id: '5-1', data: { candidate: 'a', text: 'Half a sen' } })
    live = advance(live, { event: 'reset', id: '6-0', data: { attempt: 2 } })
    expect(texts(live)).toEqual(['', ''])
    expect(live.held).toBe(true)
    live = advance(live, { event: 'delta', id: '6-1', data: { candidate: 'a', text: 'Anew' } })
    expect(texts(live)).toEqual(['Anew', ''])
  })

  it('waits in the queue until the first word', () => {
    let live = advance(start(), { event: 'queued', id: '5-0', data: { position: 3 } })
    expect(live.queued).toBe(3)
    live = advance(live, { event: 'delta', id: '5-2', data: { candidate: 'b', text: 'A' } })
    expect(live.queued).toBeNull()
  })

  it('is at the end what the row says', () => {
    let live = advance(start(), { event: 'delta', id: '5-1', data: { candidate: 'a', text: 'Sev' } })
    live = advance(live, { event: 'done', id: '5-1', data: turn() })
    expect(live.turn).toEqual(turn())
  })

  it('keeps the sentence of a failure', () => {
    const live = advance(start(), { event: 'error', id: '5-0', data: { detail: 'The policy is away.' } })
    expect(live.turn).toMatchObject({ status: 'failed', error: 'The policy is away.' })
  })
})
