import { screen } from '@testing-library/react'
import axe from 'axe-core'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Assignment, Conversation, Turn } from '@/api/types'
import { ChatServer, care, redTeamTask } from '@/testing/chat-server'
import { FakeStream } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { assignment, session, turn, writing } from '@/testing/rows'

/** What axe finds against WCAG 2.2 AA and its own good practice. Contrast needs a real browser: see tests/browser. */
async function violations(): Promise<string[]> {
  document.title = 'Turnwise' // index.html has it
  const { violations: found } = await axe.run(document, {
    rules: { 'color-contrast': { enabled: false }, 'page-has-heading-one': { enabled: true } },
  })
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))
}

const chosen = turn({ comparison: { picked: 'cand-a', strength: 3 } })
const past = turn({ id: 't0', comparison: { picked: 'cand-b', strength: 1 }, changeable: false })
const next = (fields: Partial<Turn> = {}) => turn({ id: 't1', position: 1, text: 'Which hen?', ...fields })
const failed = { status: 'failed', error: 'The policy is away.', changeable: false } as const
const redTeam = { task: redTeamTask, red_team_plan: 'One topic.' }

interface State {
  turns?: Turn[]
  about?: Partial<Conversation>
  assignment?: Partial<Assignment>
  due?: object
  until: string | RegExp
}

const STATES: Record<string, State> = {
  'an empty conversation': { until: 'You begin' },
  'a turn being written': { turns: [writing()], until: 'Stop writing' },
  'a pair to choose from': { turns: [past, next()], until: 'Which hen?' },
  'a choice made': { turns: [past, next({ comparison: chosen.comparison })], until: /You chose A/ },
  'a turn that failed': { turns: [past, next(failed)], until: 'The policy is away.' },
  'the end of a full conversation': {
    turns: [chosen],
    about: { task: { ...redTeamTask, max_turns: 1 }, red_team_plan: 'One topic.' },
    until: 'That was the last message of this conversation.',
  },
  'a plan to be written': { about: { task: redTeamTask }, until: 'Before you begin: your plan' },
  'a red-team pair': { turns: [turn()], about: redTeam, until: /WORSE/ },
  'the question about the direction': {
    turns: [turn({ comparison: chosen.comparison, check: true })],
    about: redTeam,
    until: /A quick check/,
  },
  'a break, and the question how one is': {
    about: redTeam,
    due: { break_suggested: true, survey_due: true },
    until: /How do you feel/,
  },
  'a completed assignment': {
    assignment: { status: 'completed', conversation_id: null, completion_code: 'C0DE-7' },
    until: 'C0DE-7',
  },
}

describe('nothing of the chat page keeps anybody out', () => {
  it.each(Object.entries(STATES))('%s', async (_, state) => {
    const server = new ChatServer(state.turns ?? [], state.about)
    server.on('GET /turns/t1/events', () => new FakeStream().response)
    if (state.assignment) server.on('GET /assignments/as1', assignment(state.assignment))
    if (state.due) server.on('GET /care', care(state.due))
    openPage('/assignments/as1')
    expect(await screen.findByText(state.until)).toBeInTheDocument()
    expect(await violations()).toEqual([])
  })
})

describe('nor do its dialogs', () => {
  beforeEach(() => {
    new ChatServer([past, next({ comparison: chosen.comparison })]).on(
      'GET /session',
      session({ may_edit: true }),
    )
  })

  it.each([
    ['Instructions (key ?)', 'Be yourself.'],
    ['Stop', 'Take a break'],
    ['Write to the researchers', 'Open my messages'],
    ['Language and appearance', '한국어'],
    ['Edit this response', 'Use my version'],
  ])('%s', async (name, until) => {
    const { user } = openPage('/assignments/as1')
    await user.click(await screen.findByRole('button', { name }))
    expect(await screen.findByText(until)).toBeInTheDocument()
    expect(await violations()).toEqual([])
  })

  it('Report', async () => {
    const { user } = openPage('/assignments/as1')
    const [report] = await screen.findAllByRole('button', { name: 'Report: Response A' })
    await user.click(report as HTMLElement)
    expect(await screen.findByRole('radio', { name: /private things/ })).toBeInTheDocument()
    expect(await violations()).toEqual([])
  })
})
