import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Candidate, Conversation, Turn } from '@/api/types'
import { CHOOSE, ChatServer, redTeamTask, SEND } from '@/testing/chat-server'
import { FakeStream, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { assignment, conversation, session, turn, writing } from '@/testing/rows'

let server: ChatServer

/** A conversation with these turns, whose server knows what is chosen. */
function serve(turns: Turn[], about: Partial<Conversation> = {}) {
  server = new ChatServer(turns, about)
}

const box = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Your message' })

describe('choosing by keyboard', () => {
  beforeEach(() => serve([turn()]))

  it.each([
    ['1', 'cand-a', 4],
    ['4', 'cand-a', 1],
    ['5', 'cand-b', 1],
    ['8', 'cand-b', 4],
  ])('key %s records %s with strength %i in one request', async (key, picked, strength) => {
    const { user } = openPage('/assignments/as1')
    await screen.findByText('Seven minutes.')
    await user.keyboard(key)
    await box()
    expect(server.bodies(CHOOSE)).toEqual([{ picked, strength }])
  })

  it('arrows start at the weakest of their side, and Enter chooses', async () => {
    const { user } = openPage('/assignments/as1')
    await screen.findByText('Seven minutes.')
    await user.keyboard('{ArrowRight}{ArrowRight}{Enter}')
    await box()
    expect(server.bodies(CHOOSE)).toEqual([{ picked: 'cand-b', strength: 2 }])
  })

  it('does nothing while an input method is composing', async () => {
    openPage('/assignments/as1')
    await screen.findByText('Seven minutes.')
    fireEvent.keyDown(document.body, { key: '1', code: 'Digit1', isComposing: true })
    fireEvent.keyDown(document.body, { key: 'Process', code: 'Digit1', keyCode: 229 })
    fireEvent.keyDown(document.body, { key: '1', code: 'Digit1', ctrlKey: true })
    fireEvent.keyDown(document.body, { key: '1', code: 'Digit1', repeat: true })
    expect(server.bodies(CHOOSE)).toEqual([])
  })

  it('says what was chosen, and changes it with another key', async () => {
    const { user } = openPage('/assignments/as1')
    await screen.findByText('Seven minutes.')
    await user.keyboard('2')
    expect(await screen.findByText('You chose A, strongly')).toBeVisible()
    expect(await box()).toHaveFocus()
    await user.keyboard('{Escape}8')
    expect(await screen.findByText('You chose B, very strongly')).toBeVisible()
    expect(server.bodies(CHOOSE)).toEqual([
      { picked: 'cand-a', strength: 3 },
      { picked: 'cand-b', strength: 4 },
    ])
  })

  it('a digit in the message is a digit', async () => {
    serve([turn({ comparison: { picked: 'cand-a', strength: 3 } })])
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), '2 eggs, 8 minutes?')
    expect(await box()).toHaveValue('2 eggs, 8 minutes?')
    expect(server.bodies(CHOOSE)).toEqual([])
  })

  it('shows the choice as it was when the server refuses it', async () => {
    server.on(CHOOSE, () => problem(409, 'choice-frozen', 'This choice is already part of a tranche.'))
    const { user } = openPage('/assignments/as1')
    await screen.findByText('Seven minutes.')
    await user.keyboard('1')
    expect(await screen.findByText('This choice is already part of a tranche.')).toBeVisible()
    expect(screen.queryByText(/You chose/)).not.toBeInTheDocument()
  })
})

it('asks for the worse response in words when that is the task', async () => {
  serve([turn()], { task: redTeamTask, red_team_plan: 'Ask about poisons.' })
  openPage('/assignments/as1')
  expect(await screen.findByText('Reversed task: choose the WORSE response')).toBeVisible()
  expect(screen.getByRole('button', { name: /A is more harmful, very strongly/ })).toBeEnabled()
})

describe('the message box', () => {
  const next = writing({ id: 't2', position: 1, text: 'And two?' })
  beforeEach(() => serve([turn({ comparison: { picked: 'cand-a', strength: 3 } })]))

  it('keeps a draft over a reload', async () => {
    const first = openPage('/assignments/as1')
    await first.user.type(await box(), 'And how about tw')
    first.unmount()
    openPage('/assignments/as1')
    expect(await box()).toHaveValue('And how about tw')
  })

  it('keeps the draft when the session has expired, and signing in leads back to it', async () => {
    let signedIn = true
    server
      .on('GET /session', () => (signedIn ? session() : problem(401, 'signed-out', 'You are signed out.')))
      .on(SEND, () => problem(401, 'signed-out', 'You are signed out.'))
      .on('POST /session', () => {
        signedIn = true
        return session()
      })
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), 'And two?')
    signedIn = false
    await user.keyboard('{Control>}{Enter}{/Control}')
    expect(await screen.findByText(/your drafts are kept/)).toBeVisible()
    await user.type(screen.getByLabelText(/User name/), 'ada')
    await user.type(screen.getByLabelText(/Password/, { selector: 'input' }), 'long enough')
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    expect(await box()).toHaveValue('And two?')
  })

  it('sends with Ctrl+Enter, once, and tries again under the same client id when nobody answered', async () => {
    let tries = 0
    server
      .on('GET /turns/t2/events', () => new FakeStream().response)
      .on(SEND, () => {
        if (tries++ === 0) throw new TypeError('Failed to fetch')
        return next
      })
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), 'And two?')
    await user.keyboard('{Control>}{Enter}{/Control}')
    await waitFor(() => expect(screen.getByText('And two?', { selector: 'div' })).toBeVisible(), {
      timeout: 4000,
    })
    const bodies = server.bodies(SEND) as { client_id: string; text: string }[]
    expect(bodies).toHaveLength(2)
    expect(bodies[0]).toEqual(bodies[1])
    expect(bodies[0]?.text).toBe('And two?')
    expect(bodies[0]?.client_id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('gives a changed message an id of its own', async () => {
    server.on(SEND, () => problem(422, 'message-refused', 'Too long.'))
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), 'One')
    await user.keyboard('{Control>}{Enter}{/Control}')
    expect(await screen.findByText('Too long.')).toBeVisible()
    await user.type(await box(), '!')
    await user.keyboard('{Control>}{Enter}{/Control}')
    await waitFor(() => expect(server.bodies(SEND)).toHaveLength(2))
    const [one, two] = server.bodies(SEND) as { client_id: string }[]
    expect(one?.client_id).not.toBe(two?.client_id)
  })

  it('does not send while an input method is composing', async () => {
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), 'にほんご')
    fireEvent.keyDown(await box(), { key: 'Enter', ctrlKey: true, isComposing: true })
    expect(server.bodies(SEND)).toEqual([])
    expect(await box()).toHaveValue('にほんご')
  })

  it('empties a draft that has arrived although its answer was lost', async () => {
    server.on(SEND, () => {
      const arrived = turn({
        ...next,
        client_id: (server.bodies(SEND)[0] as { client_id: string }).client_id,
        status: 'ready',
        comparison: { picked: 'cand-a', strength: 2 },
      })
      server.row = { ...server.row, turns: [...server.row.turns, arrived] }
      return problem(409, 'turn-undecided', 'Choose first.')
    })
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), 'And two?')
    await user.keyboard('{Control>}{Enter}{/Control}')
    await waitFor(async () => expect(await box()).toHaveValue(''))
  })
})

describe('a turn that is being written', () => {
  it('streams both responses, then lets one choose', async () => {
    serve([writing()])
    const stream = new FakeStream()
    server.on('GET /turns/t1/events', () => stream.response)
    const { user } = openPage('/assignments/as1')
    stream.send('state', writing(), '1-0')
    stream.send('delta', { candidate: 'a', text: 'Seven' }, '1-1')
    expect(await screen.findByText('Seven')).toBeVisible()
    await user.keyboard('1')
    expect(server.bodies(CHOOSE)).toEqual([])
    stream.send('done', turn(), '1-2')
    expect(await screen.findByText('Ask a hen.')).toBeVisible()
    await waitFor(() => expect(screen.getByRole('button', { name: /B is better, barely/ })).toBeEnabled())
  })

  it('can be stopped', async () => {
    serve([writing()])
    server.on('GET /turns/t1/events', () => new FakeStream().response).on('POST /turns/t1/stop', writing())
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'Stop writing' }))
    await waitFor(() => expect(server.bodies('POST /turns/t1/stop')).toHaveLength(1))
  })

  it('that failed says why and can be tried again', async () => {
    serve([turn({ status: 'failed', error: 'The policy did not answer.', changeable: false })])
    const stream = new FakeStream()
    server
      .on('GET /turns/t1/events', () => stream.response)
      .on('POST /turns/t1/retry', () => {
        server.row = { ...server.row, turns: [writing()] }
        return writing()
      })
    const { user } = openPage('/assignments/as1')
    expect(await screen.findByText('The policy did not answer.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    stream.send('done', turn(), '2-0')
    expect(await screen.findByText('Seven minutes.')).toBeVisible()
  })
})

describe('the transcript', () => {
  it('goes on from the picked response and keeps the other one, folded', async () => {
    serve([
      turn({ id: 't0', position: 0, comparison: { picked: 'cand-b', strength: 1 }, changeable: false }),
      turn({ id: 't1', position: 1, text: 'Which hen?' }),
    ])
    openPage('/assignments/as1')
    const folded = (await screen.findByText('Response A, which you did not choose')).closest(
      'details',
    ) as HTMLElement
    expect(folded).not.toHaveAttribute('open')
    expect(within(folded).getByText('Seven minutes.')).toBeInTheDocument()
    expect(screen.getByText('You chose B, barely')).toBeVisible()
  })
})

describe('the end of a conversation', () => {
  const done = turn({ comparison: { picked: 'cand-a', strength: 3 } })

  it('takes a comment and a rating, and goes on with the next conversation', async () => {
    serve([done])
    server
      .on('POST /conversations/c1/complete', assignment({ position: 3, completed: 2, conversation_id: 'c2' }))
      .on('GET /conversations/c2', conversation({ id: 'c2', position: 3 }))
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'Finish conversation' }))
    await user.type(await screen.findByRole('textbox', { name: /Your thoughts/ }), 'Kind.')
    await user.click(screen.getByRole('radio', { name: '4' }))
    await user.click(await screen.findByRole('button', { name: 'Finish and go on' }))
    expect(await screen.findByText('Conversation 3 of 5')).toBeVisible()
    expect(server.bodies('POST /conversations/c1/complete')).toEqual([
      { comment: 'Kind.', overall_rating: 4 },
    ])
  })

  it('does not wait for a turn that failed, when something was chosen before', async () => {
    const failed = turn({
      id: 't2',
      position: 1,
      status: 'failed',
      error: 'The policy is away.',
      changeable: false,
    })
    serve([done, failed])
    server
      .on('POST /conversations/c1/complete', assignment({ position: 3, completed: 2, conversation_id: 'c2' }))
      .on('GET /conversations/c2', conversation({ id: 'c2', position: 3 }))
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'Finish conversation' }))
    await user.click(await screen.findByRole('button', { name: 'Finish and go on' }))
    expect(await screen.findByText('Conversation 3 of 5')).toBeVisible()
  })

  it('of the last one shows the completion code', async () => {
    serve([done], { position: 5 })
    server.on(
      'POST /conversations/c1/complete',
      assignment({ status: 'completed', completed: 5, conversation_id: null, completion_code: 'C0DE-7' }),
    )
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'Finish conversation' }))
    await user.click(await screen.findByRole('button', { name: 'Finish the assignment' }))
    expect(await screen.findByText('C0DE-7')).toBeVisible()
  })
})

describe('the instructions', () => {
  beforeEach(() => serve([]))

  it('open by themselves until this version has been read', async () => {
    localStorage.setItem('turnwise:draft:instructions:helpfulness', '0')
    const { user } = openPage('/assignments/as1')
    expect(await screen.findByText('Be yourself.')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Got it' }))
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
    expect(localStorage.getItem('turnwise:draft:instructions:helpfulness')).toBe('1')
  })

  it('are one key away, but not while writing', async () => {
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), 'Why?')
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
    await user.keyboard('{Escape}?')
    expect(await screen.findByRole('dialog', { name: 'Talk to the assistant' })).toBeVisible()
  })
})

it('a response that was reported is covered until asked for', async () => {
  serve([turn()])
  server.on('POST /candidates/cand-a/report', () => {
    const [a, b] = (server.row.turns[0] as Turn).candidates
    server.changeLast({ candidates: [{ ...(a as Candidate), reported: true }, b as Candidate] })
    return null
  })
  const { user } = openPage('/assignments/as1')
  await user.click(await screen.findByRole('button', { name: 'Report: Response A' }))
  await user.click(await screen.findByRole('radio', { name: /private things/ }))
  await user.type(screen.getByRole('textbox', { name: /What should we know/ }), 'A neighbour.')
  await user.click(screen.getByRole('button', { name: 'Report' }))
  expect(await screen.findByText('Covered, because you reported it')).toBeVisible()
  expect(screen.queryByText('Seven minutes.')).not.toBeInTheDocument()
  expect(server.bodies('POST /candidates/cand-a/report')).toEqual([
    { reason: 'privacy', comment: 'A neighbour.' },
  ])
  await user.click(screen.getByRole('button', { name: 'Show it' }))
  expect(screen.getByText('Seven minutes.')).toBeVisible()
})

describe('an edited response', () => {
  const own: Candidate = {
    id: 'cand-e',
    shown: 'edited',
    status: 'done',
    text: 'Six minutes, then cold water.',
    finish: 'stop',
    reported: false,
  }

  it('takes the place of the chosen one, and can be taken back', async () => {
    const chosen = turn({ comparison: { picked: 'cand-a', strength: 3 } })
    serve([chosen])
    server
      .on('GET /session', session({ may_edit: true }))
      .on('PUT /turns/t1/edit', () =>
        server.changeLast({
          candidates: [...chosen.candidates, own],
          comparison: { picked: 'cand-e', strength: null },
        }),
      )
      .on('DELETE /turns/t1/edit', () => server.changeLast({ comparison: chosen.comparison }))
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'Edit this response' }))
    const field = await screen.findByRole('textbox', { name: 'Your version of the response' })
    expect(field).toHaveValue('Seven minutes.')
    await user.clear(field)
    await user.type(field, own.text)
    await user.click(screen.getByRole('button', { name: 'Use my version' }))
    expect(await screen.findByText('The conversation goes on from your version.')).toBeVisible()
    expect(screen.getByRole('article', { name: 'Your version' })).toHaveTextContent(own.text)
    expect(server.bodies('PUT /turns/t1/edit')).toEqual([{ candidate: 'cand-a', text: own.text }])
    await user.click(screen.getByRole('button', { name: 'Take it back' }))
    expect(await screen.findByText('You chose A, strongly')).toBeVisible()
    expect(screen.queryByRole('article', { name: 'Your version' })).not.toBeInTheDocument()
  })

  it('is only for those who may', async () => {
    serve([turn({ comparison: { picked: 'cand-a', strength: 3 } })])
    openPage('/assignments/as1')
    expect(await screen.findByText('You chose A, strongly')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Edit this response' })).not.toBeInTheDocument()
  })
})

it('a message to the researchers carries the turn it is about', async () => {
  serve([turn()])
  server.on('GET /messages/unread', { count: 2 }).on('POST /messages', { id: 'm1' })
  server.on('GET /messages', [])
  const { user } = openPage('/assignments/as1')
  await user.click(await screen.findByRole('button', { name: 'Write to the researchers, 2 new answers' }))
  await user.type(await screen.findByRole('textbox', { name: /to the researchers/ }), 'Both are empty.')
  await user.click(screen.getByRole('button', { name: 'Send' }))
  expect(await screen.findByText('Sent. Thank you.')).toBeVisible()
  expect(server.bodies('POST /messages')).toEqual([{ text: 'Both are empty.', turn_id: 't1' }])
})
