import { screen, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import type { Found, Transcript, TurnShown } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const found = (fields: Partial<Found> = {}): Found => ({
  id: 'c1',
  task: { slug: 'helpfulness', kind: 'helpfulness' },
  status: 'completed',
  crowdworker: 'ada',
  imported_from: null,
  created_at: '2026-11-24T08:00:00Z',
  turns: 2,
  choices: 1,
  kinds: ['online'],
  strengths: [4],
  split: 'train',
  edited: false,
  reports: 0,
  open_reports: 0,
  covered: false,
  passage: { turn: 0, of: 'human', parts: [{ text: 'My basil dies.', is_match: false }] },
  ...fields,
})

const page = (rows: Found[], fields: object = {}) => ({
  found: rows,
  next: null,
  count: rows.length,
  counted_all: true,
  red_team_searched: true,
  ...fields,
})

const turn: TurnShown = {
  id: 't1',
  position: 0,
  text: 'My basil dies.',
  status: 'ready',
  error: null,
  attempt: 1,
  pasted_characters: 12,
  private_kinds: [],
  direction_understood: null,
  created_at: '2026-11-24T08:00:00Z',
  ready_at: '2026-11-24T08:00:09Z',
  candidates: (['a', 'b'] as const).map((shown) => ({
    id: shown,
    shown,
    status: 'done',
    text: `Response ${shown}.`,
    finish: 'stop',
    snapshot: shown === 'a' ? 'policy-w1' : 'initial',
    deployment: { generation: 2, share: 50, best_of: 1 },
    seed: 7,
    sampling: { temperature: 1 },
    best_of: [],
    prompt_tokens: 20,
    completion_tokens: 9,
    first_token_ms: 300,
    total_ms: 900,
    score: shown === 'a' ? 1.5 : -0.25,
    scored_by: 'pm-w1',
    edited_from: null,
    is_trunk: null,
    reports: [],
  })),
  comparisons: [
    {
      id: 'x1',
      picked: 'a',
      other: 'b',
      chosen: 'a',
      strength: 4,
      choice_direction: 'pick-better',
      kind: 'online',
      propensity: 0.18,
      text_version: 2,
      seconds_to_choose: 12.5,
      created_at: '2026-11-24T08:01:00Z',
      superseded_at: null,
      tranche: null,
      content_hash: null,
      excluded_reason: null,
      left_out_because: null,
      import_line: null,
    },
  ],
}

const transcript = (fields: Partial<Transcript> = {}): Transcript => ({
  id: 'c1',
  task: { slug: 'helpfulness', kind: 'helpfulness' },
  status: 'completed',
  crowdworker: { id: 'p1', username: 'ada', excluded_reason: null },
  imported_from: null,
  split: 'train',
  family: 'f',
  system: 'Be kind.',
  assignment_id: null,
  position: 1,
  created_at: '2026-11-24T08:00:00Z',
  completed_at: null,
  overall_rating: 4,
  attack_success: null,
  attack_harm: null,
  attack_actionability: null,
  comment: null,
  red_team_plan: null,
  covered: false,
  turns: [turn],
  ...fields,
})

const FIND = 'GET /explorer/conversations'
const READ = 'GET /explorer/conversations/c1'
const OPEN = 'POST /explorer/conversations/c1/openings'
let server: FakeServer
let asked: URLSearchParams[]

beforeEach(() => {
  asked = []
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /threads': [],
    'GET /reports': [],
    'GET /explorer/filters': {
      tasks: [{ slug: 'helpfulness', kind: 'helpfulness' }],
      snapshots: ['policy-w1', 'initial'],
    },
  })
})

function answerWith(...pages: object[]) {
  server.on(FIND, ({ url }: { url: URL }) => {
    asked.push(url.searchParams)
    return pages[Math.min(asked.length, pages.length) - 1] as object
  })
}

it('looks for words and marks them where they were found', async () => {
  const parts = [
    { text: '<i>Sweet</i> ', is_match: false },
    { text: 'basil', is_match: true },
  ]
  answerWith(page([found()]), page([found({ passage: { turn: 1, of: 'b', parts } })]))
  const { user } = openPage('/admin/conversations')
  expect(await screen.findByText('My basil dies.')).toBeVisible()
  await user.type(screen.getByLabelText('Words'), 'basil{Enter}')
  expect((await screen.findByText('basil')).tagName).toBe('MARK')
  expect(screen.getByText(/<i>Sweet<\/i>/)).toBeVisible() // text, whatever it says
  expect(screen.getByText('Response B to message 2:')).toBeVisible()
  expect(asked.at(-1)?.get('q')).toBe('basil')
})

it('takes its filters from the address, and says that nothing is like them', async () => {
  answerWith(page([]))
  openPage('/admin/conversations?kind=online&strength=4')
  expect(await screen.findByText('No conversation is like that.')).toBeVisible()
  expect(Object.fromEntries(asked[0] ?? [])).toEqual({ kind: 'online', strength: '4' })
  expect(screen.getByLabelText('Tranche kind')).toHaveValue('online')
  expect(screen.getByText('Filters · 2 on')).toBeVisible()
})

it('goes on with older ones, and says when it stopped counting', async () => {
  answerWith(
    page([found()], { next: 7, count: 1000, counted_all: false }),
    page([found({ id: 'c0', crowdworker: 'eve' })], { count: null }),
  )
  const { user } = openPage('/admin/conversations')
  expect(await screen.findByText('more than 1,000 conversations')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Show older ones' }))
  expect(await screen.findByText(/^eve/)).toBeVisible()
  expect(asked[1]?.get('before')).toBe('7')
  expect(screen.getByText(/^ada/)).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Show older ones' })).not.toBeInTheDocument()
})

it('tells a new installation where conversations come from', async () => {
  answerWith(page([]))
  openPage('/admin/conversations')
  expect(await screen.findByText('No conversation yet.')).toBeVisible()
  expect(screen.getByText(/turnwise import-hh/)).toBeVisible()
})

it('shows who answered, what was picked, and leaves a comparison out with a reason', async () => {
  server.on(READ, transcript()).on('PUT /comparisons/x1/exclusion', turn.comparisons[0] as object)
  const { user } = openPage('/admin/conversations/c1')
  const a = within(await screen.findByRole('article', { name: 'Response A' }))
  expect(a.getByText('policy-w1')).toBeVisible()
  expect(a.getByText('Picked')).toBeVisible()
  expect(a.getByText('1.50, by pm-w1')).toBeVisible()
  expect(screen.getByText('−0.25, by pm-w1')).toBeVisible()
  expect(screen.getByText('Picked A, strength 4 of 4, after 12.5 s')).toBeVisible()
  expect(screen.getByText('12 characters pasted')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Leave out' }))
  const dialog = within(screen.getByRole('dialog'))
  expect(dialog.getByRole('button', { name: 'Leave this comparison out' })).toBeDisabled()
  await user.type(dialog.getByLabelText(/Reason/), 'Copied.')
  await user.click(dialog.getByRole('button', { name: 'Leave this comparison out' }))
  await screen.findByRole('button', { name: 'Leave out' })
  expect(server.bodies('PUT /comparisons/x1/exclusion')).toEqual([{ reason: 'Copied.' }])
})

const covered = transcript({
  task: { slug: 'red-team', kind: 'red-team' },
  covered: true,
  turns: [{ ...turn, text: null, candidates: turn.candidates.map((one) => ({ ...one, text: null })) }],
})

it('asks for the warning once, then opens a red-team conversation by a click and covers it again', async () => {
  const agreed = session({ role: 'researcher', red_team_opt_in: true })
  server
    .on(READ, covered)
    .on(OPEN, { ...covered, covered: false, red_team_plan: 'A plan.', turns: [turn] })
    .on('POST /account/red-team-opt-in', agreed)
  const { user } = openPage('/admin/conversations/c1')
  expect(await screen.findAllByText('Covered')).toHaveLength(3)
  expect(screen.queryByRole('button', { name: 'Open this conversation' })).not.toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: /I understand, and agree/ }))
  await user.click(await screen.findByRole('button', { name: 'Open this conversation' }))
  expect(await screen.findByText('My basil dies.')).toBeVisible()
  expect(screen.getByText('A plan.')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Cover it again' }))
  expect(screen.queryByText('My basil dies.')).not.toBeInTheDocument()
  expect(server.bodies(OPEN)).toHaveLength(1)
})
