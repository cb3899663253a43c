import { beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '@/api/problem'
import { followTurn, parseEvent, type TurnEvent } from '@/api/turn-events'
import { FakeServer, FakeStream, problem } from '@/testing/fake-server'
import { turn, writing } from '@/testing/rows'

const EVENTS = 'GET /turns/t1/events'

describe('one block of an event stream', () => {
  it('is read with its id, whatever the line ends', () => {
    expect(parseEvent('id: 7-0\r\nevent: delta\r\ndata: {"candidate":"a","text":"x: y"}')).toEqual({
      id: '7-0',
      event: 'delta',
      data: { candidate: 'a', text: 'x: y' },
    })
  })

  it('is ignored when it is a comment or an event of another version', () => {
    expect(parseEvent(': ping')).toBeNull()
    expect(parseEvent('event: news\ndata: {}')).toBeNull()
  })
})

describe('following a turn', () => {
  let events: TurnEvent[]
  let connected: boolean[]
  const follow = (signal = new AbortController().signal) =>
    followTurn('t1', {
      signal,
      onEvent: (event) => events.push(event),
      onConnected: (is) => connected.push(is),
    })

  beforeEach(() => {
    events = []
    connected = []
  })

  it('puts events together that arrive in pieces, even inside a character', async () => {
    const stream = new FakeStream()
    new FakeServer({ [EVENTS]: () => stream.response })
    const following = follow()
    const bytes = new TextEncoder().encode('id: 1-0\nevent: delta\ndata: {"candidate":"a","text":"é"}\n\n')
    const cut = bytes.indexOf(0xc3) + 1
    stream.bytes(bytes.slice(0, cut))
    stream.bytes(bytes.slice(cut))
    stream.send('done', turn())
    await following
    expect(events[0]).toMatchObject({ event: 'delta', data: { text: 'é' } })
  })

  it('comes back after a cut and says what it has already heard', async () => {
    const streams = [new FakeStream(), new FakeStream()]
    let opened = 0
    const server = new FakeServer({ [EVENTS]: () => (streams[opened++] as FakeStream).response })
    const following = follow()
    streams[0]?.send('state', writing(), '1-0')
    streams[0]?.send('delta', { candidate: 'a', text: 'Sev' }, '1-1')
    await expect.poll(() => events.length).toBe(2)
    streams[0]?.cut()
    streams[1]?.send('done', turn(), '1-9')
    await following
    expect(server.heard.map((one) => one.headers.get('last-event-id'))).toEqual([null, '1-1'])
    expect(connected).toContain(false)
    expect(connected.at(-1)).toBe(true)
    expect(events.at(-1)?.event).toBe('done')
  })

  it('waits for a server that is restarting', async () => {
    const stream = new FakeStream()
    let tries = 0
    new FakeServer({
      [EVENTS]: () => (tries++ === 0 ? new Response('Bad gateway', { status: 502 }) : stream.response),
    })
    const following = follow()
    stream.send('done', turn())
    await following
    expect(tries).toBe(2)
  })

  it('ends with the problem when there is nothing to follow', async () => {
    new FakeServer({ [EVENTS]: () => problem(404, 'not-found', 'There is no such turn.') })
    await expect(follow()).rejects.toThrow(new Problem(404, 'not-found', 'There is no such turn.'))
  })

  it('stops when nobody looks any more', async () => {
    const stream = new FakeStream()
    new FakeServer({ [EVENTS]: () => stream.response })
    const leaving = new AbortController()
    const following = follow(leaving.signal)
    leaving.abort()
    stream.cut()
    await following
    expect(events).toEqual([])
  })
})
