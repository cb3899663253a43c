import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { Turn } from '@/api/types'
import { CHOOSE, ChatServer, care, redTeamTask } from '@/testing/chat-server'
import { problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { assignment, conversation, offered, turn } from '@/testing/rows'

const about = { task: redTeamTask, red_team_plan: 'Ask about a false cure.' }
const chosen = turn({ comparison: { picked: 'cand-a', strength: 3 } })

describe('at every turn of a red-team conversation', () => {
  it.each<[string, Turn[]]>([
    ['before the first message', []],
    ['while choosing', [turn()]],
    ['after a choice', [chosen]],
  ])('one can stop with what is done kept: %s', async (_, turns) => {
    const server = new ChatServer(turns, about)
    server
      .on('GET /assignments/as1', assignment({ task: redTeamTask, earned: { cents: 320, currency: 'USD' } }))
      .on('POST /assignments/as1/withdraw', assignment({ task: redTeamTask, status: 'withdrawn' }))
      .on('GET /assignments', [])
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'Stop here' }))
    const dialog = await screen.findByRole('dialog')
    expect(dialog).toHaveTextContent('so is the pay for it: $3.20.')
    await user.click(within(dialog).getByRole('button', { name: 'Stop here' }))
    expect(await screen.findByText('You have stopped this task')).toBeVisible()
  })

  it('what is kept is asked once the last choice is stored, not before', async () => {
    const server = new ChatServer([turn()], about)
    let store = () => {}
    let cents = 0
    server
      .on(CHOOSE, async ({ body }: { body: unknown }) => {
        await new Promise<void>((resolve) => {
          store = resolve
        })
        cents = 50
        return Response.json(server.changeLast({ comparison: body as Turn['comparison'] }))
      })
      .on('GET /assignments/as1', () => assignment({ task: redTeamTask, earned: { cents, currency: 'USD' } }))
    const { user } = openPage('/assignments/as1')
    await screen.findByRole('button', { name: '2: A is more harmful, strongly' })
    await user.keyboard('2')
    await user.click(screen.getByRole('button', { name: 'Stop here' }))
    const dialog = await screen.findByRole('dialog')
    expect(dialog).toHaveTextContent('so is the pay for it.')
    store()
    await waitFor(() => expect(dialog).toHaveTextContent('so is the pay for it: $0.50.'))
  })

  it('one can switch to helpful conversations; what is refused there gives nothing up', async () => {
    const server = new ChatServer([turn()], about)
    const helpful = offered({ slug: 'helpfulness' })
    server
      .on('GET /tasks', [helpful, offered({ ...redTeamTask })])
      .on('POST /assignments', () => problem(409, 'limit-reached', 'That was all for today.'))
      .on('GET /assignments', [])
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'Switch to the helpfulness task' }))
    expect(await screen.findByText('That was all for today.')).toBeVisible()
    server
      .on('POST /assignments', assignment({ id: 'as2', conversation_id: 'c2', position: 1 }))
      .on('POST /assignments/as1/withdraw', assignment({ task: redTeamTask, status: 'withdrawn' }))
      .on('GET /assignments/as2', assignment({ id: 'as2', conversation_id: 'c2', position: 1 }))
      .on('GET /conversations/c2', conversation({ id: 'c2', position: 1 }))
    await user.click(screen.getByRole('button', { name: 'Switch to the helpfulness task' }))
    expect(await screen.findByText('Conversation 1 of 5')).toBeVisible()
    expect(server.bodies('POST /assignments')).toEqual([{ task: 'helpfulness' }, { task: 'helpfulness' }])
    expect(server.bodies('POST /assignments/as1/withdraw')).toHaveLength(1)
  })

  it('one sees how much of it there was, and a word about a break', async () => {
    const server = new ChatServer([turn()], about)
    server.on('GET /care', care({ today_minutes: 70, break_suggested: true }))
    const { user } = openPage('/assignments/as1')
    expect(await screen.findByText(/12 red-team conversations so far · 70 min today/)).toBeVisible()
    expect(screen.getByText('Time for a break?')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Not now' }))
    expect(screen.queryByText('Time for a break?')).not.toBeInTheDocument()
  })

  it('one may have the responses covered, here and next time', async () => {
    new ChatServer([turn()], about)
    const first = openPage('/assignments/as1')
    await first.user.click(await screen.findByRole('checkbox', { name: 'Cover responses until I ask' }))
    expect(screen.queryByText('Seven minutes.')).not.toBeInTheDocument()
    first.unmount()
    const { user } = openPage('/assignments/as1')
    const [show] = await screen.findAllByRole('button', { name: 'Show it' })
    expect(screen.queryByText('Seven minutes.')).not.toBeInTheDocument()
    await user.click(show as HTMLElement)
    expect(screen.getByText('Seven minutes.')).toBeVisible()
  })
})

describe('the question which response is asked for', () => {
  const CHECK = 'POST /turns/t1/check'
  const asked = { comparison: { picked: 'cand-a', strength: 3 }, check: true }

  it('comes when the server says so, and a right answer leads on', async () => {
    const server = new ChatServer([turn()], about)
    server.on(CHOOSE, () => server.changeLast(asked)).on(CHECK, { right: true })
    const { user } = openPage('/assignments/as1')
    await screen.findByText('Seven minutes.')
    await user.keyboard('2')
    await user.click(await screen.findByRole('button', { name: 'The more harmful response' }))
    expect(await screen.findByText('Yes, exactly. Thank you.')).toBeVisible()
    expect(screen.getByRole('textbox', { name: 'Your message' })).toBeVisible()
    expect(server.bodies(CHECK)).toEqual([{ picks: 'worse' }])
  })

  it('explains a wrong one, and the choice can be changed', async () => {
    const server = new ChatServer([turn(asked)], about)
    server.on(CHECK, { right: false })
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'The better response' }))
    const note = await screen.findByRole('alert')
    expect(note).toHaveTextContent('You chose A just now.')
    await user.click(within(note).getByRole('button', { name: 'Change' }))
    expect(screen.getByRole('button', { name: /B is more harmful, strongly/ })).toBeEnabled()
  })

  it('does not keep anybody from going on when its answer is lost', async () => {
    const server = new ChatServer([turn(asked)], about)
    server.on(CHECK, () => problem(409, 'check-not-asked', 'There is no question about this choice.'))
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'The better response' }))
    expect(await screen.findByRole('textbox', { name: 'Your message' })).toBeVisible()
  })
})

describe('the well-being survey', () => {
  it('is answered as far as one likes', async () => {
    const server = new ChatServer([], about)
    server.on('GET /care', care({ survey_due: true })).on('POST /care/survey', () => null)
    const { user } = openPage('/assignments/as1')
    const nervous = await screen.findByRole('group', { name: 'hostile' })
    await user.click(within(nervous).getByRole('radio', { name: '0' }))
    await user.type(screen.getByRole('textbox', { name: /Anything you want/ }), 'Fine.')
    server.on('GET /care', care())
    const [send] = screen.getAllByRole('button', { name: 'Send' })
    await user.click(send as HTMLElement)
    await waitFor(() => expect(screen.queryByText(/How do you feel/)).not.toBeInTheDocument())
    expect(server.bodies('POST /care/survey')).toEqual([{ feelings: { hostile: 0 }, comment: 'Fine.' }])
  })

  it('is declined with one button', async () => {
    const server = new ChatServer([], about)
    server.on('GET /care', care({ survey_due: true })).on('POST /care/survey', () => null)
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name: 'I would rather not answer' }))
    await waitFor(() => expect(server.bodies('POST /care/survey')).toEqual([{ feelings: null }]))
  })
})
