import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import { FakeServer, FakeStream, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /snapshot-names': ['initial', 'w48-policy'].map((name) => ({
      name,
      kind: 'policy',
      retired: false,
      sampled: true,
    })),
  })
})

interface Asked {
  snapshot: string
  messages: { role: string; content: string }[]
}

const asked = () => server.bodies('POST /playground') as Asked[]

it('two policies are asked at once, and each goes on from its own response', async () => {
  const streams: Record<string, FakeStream> = {}
  server.on('POST /playground', ({ body }: { body: unknown }) => {
    const { snapshot } = body as Asked
    streams[snapshot] = new FakeStream()
    return (streams[snapshot] as FakeStream).response
  })
  const { user } = openPage('/admin/playground?a=initial&b=w48-policy')
  await user.type(await screen.findByLabelText('Your message'), 'Hello?{Enter}')
  await waitFor(() => expect(Object.keys(streams)).toEqual(['initial', 'w48-policy']))
  streams['w48-policy']?.send('loading', {})
  expect(await screen.findByText(/It is not loaded: the inference server reads it now/)).toBeVisible()
  for (const [name, stream] of Object.entries(streams)) {
    stream.send('delta', { text: `I am ` })
    stream.send('delta', { text: `${name}.` })
    stream.send('done', { finish: 'length', completion_tokens: 12, total_ms: 1500 })
    stream.send('score', { pm: 'w48-pm', score: -0.25 })
  }
  const trained = screen.getByRole('region', { name: 'w48-policy' })
  expect(await within(trained).findByText('I am w48-policy.')).toBeVisible()
  expect(
    await within(trained).findByText(
      '12 tokens in 1.5 s · cut off by the limit of tokens · score −0.25 by w48-pm',
    ),
  ).toBeVisible()
  await user.type(screen.getByLabelText('Your message'), 'And now?{Enter}')
  await waitFor(() => expect(asked()).toHaveLength(4))
  expect(asked()[3]?.messages.map(({ content }) => content)).toEqual([
    'Hello?',
    'I am w48-policy.',
    'And now?',
  ])
})

it('what the server cannot do stands where the response would', async () => {
  server.on('POST /playground', () => {
    const stream = new FakeStream()
    queueMicrotask(() => stream.send('error', { detail: 'The inference server does not answer right now.' }))
    return stream.response
  })
  const { user } = openPage('/admin/playground')
  await user.type(await screen.findByLabelText('Your message'), 'Hello?{Enter}')
  expect(await screen.findByText('The inference server does not answer right now.')).toBeVisible()

  server.on('POST /playground', () => problem(503, 'playground-busy', 'The playground answers 4 at a time.'))
  await user.type(screen.getByLabelText('Your message'), 'Again?')
  await user.click(await screen.findByRole('button', { name: 'Send' }))
  expect(await screen.findByText('The playground answers 4 at a time.')).toBeVisible()
  expect(asked()[1]?.messages).toEqual([{ role: 'user', content: 'Again?' }])
})

it('nothing of a dialogue is kept when it is forgotten, or anywhere in the browser', async () => {
  server.on('POST /playground', () => {
    const stream = new FakeStream()
    queueMicrotask(() => {
      stream.send('delta', { text: 'A secret.' })
      stream.send('done', { finish: 'stop', completion_tokens: 2, total_ms: 10 })
    })
    return stream.response
  })
  const { user } = openPage('/admin/playground')
  await user.type(await screen.findByLabelText('Your message'), 'A question?{Enter}')
  expect(await screen.findByText('A secret.')).toBeVisible()
  expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toMatch(/secret|question/)
  await user.click(screen.getByRole('button', { name: 'Begin a new dialogue' }))
  expect(screen.queryByText('A secret.')).toBeNull()
})
