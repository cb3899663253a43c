import { screen, waitFor, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import type { SampledPrompt, Snapshot, SnapshotPage } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const snapshot = (fields: Partial<Snapshot>): Snapshot => ({
  id: fields.name ?? '1',
  name: 'w48-policy',
  kind: 'policy',
  created_at: '2026-11-24T08:00:00Z',
  iteration: '2026-w48',
  metrics: { score: 1.5, kl_to_initial: 4.21 },
  deployed: [],
  erased: 0,
  evaluated: true,
  retired_at: null,
  ...fields,
})

const page = (fields: Partial<SnapshotPage>): SnapshotPage => ({
  snapshot: snapshot({}),
  base: { source: 'toy', hash: 'abc123' },
  system: 'Be kind.',
  data_hash: 'd4',
  config: { rollouts: 256 },
  files: { 'adapter_model.safetensors': 'f00d' },
  bytes: 9_300_000,
  temperature: null,
  reference_mean: null,
  run_id: 'run-1',
  gate: { iteration_id: 'i1', iteration: '2026-w48', passed: true, reason: null },
  evaluations: [],
  relatives: [{ name: 'w48-pm', relation: 'reward', registered: true }],
  elo: [{ task: 'helpfulness', best_of: 1, elo: 120.4, low: 40, high: 200, comparisons: 52, missing: null }],
  terms: [],
  prompts_answered: 4,
  ...fields,
})

const said = (text: string | null, score: number, pm = 'w48-pm') => ({
  text,
  score,
  scores: [0, score, 2],
  pm,
})

const pair = (fields: Partial<SampledPrompt>): SampledPrompt => ({
  id: 'p1',
  prompt: [{ role: 'user', content: 'Why is the sky blue?' }],
  is_red_team: false,
  covered: false,
  a: said('It scatters.', 1.5),
  b: said('It is blue.', -0.5),
  ...fields,
})

const sides = (prompts: SampledPrompt[]) => ({
  a: 'w48-policy',
  b: 'initial',
  prompts,
  only_a: 0,
  only_b: 0,
  missing: null,
})

function serve(handlers: Record<string, object>) {
  return new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /snapshot-names': [],
    ...handlers,
  })
}

it('older snapshots come when they are asked for, after the last one on the page', async () => {
  const fifty = Array.from({ length: 50 }, (_, at) => snapshot({ name: `policy-${at}` }))
  const asked: string[] = []
  serve({
    'GET /snapshots': ({ url }: { url: URL }) => {
      asked.push(url.search)
      return url.searchParams.get('before') ? [snapshot({ name: 'the-oldest', evaluated: false })] : fifty
    },
  })
  const { user } = openPage('/admin/snapshots?which=policy')
  await user.click(await screen.findByRole('button', { name: 'Show older ones' }))
  expect(await screen.findByRole('link', { name: 'the-oldest' })).toHaveAttribute(
    'href',
    '/admin/snapshots/the-oldest',
  )
  expect(screen.getByText('not evaluated')).toBeVisible()
  expect(asked).toEqual(['?kind=policy&retired=false', '?kind=policy&retired=false&before=policy-49'])
  expect(screen.queryByRole('button', { name: 'Show older ones' })).toBeNull()
})

it('a snapshot says what was measured beside the initial policy, and how strong crowdworkers find it', async () => {
  const measured = [
    { quantity: 'score_gain', value: 1, low: 0.6, high: 1.4, against: null },
    { quantity: 'refusal_rate', value: 0.25, low: null, high: null, against: 0.125 },
  ]
  const evaluations = [
    { kind: 'evaluate_policy', created_at: '2026-11-24T08:00:00Z', iteration: '2026-w48', of: 32, measured },
  ]
  serve({ 'GET /snapshots/w48-policy': page({ evaluations }) })
  openPage('/admin/snapshots/w48-policy')
  const refusals = await screen.findByRole('row', { name: /Refusals/ })
  expect(
    within(refusals)
      .getAllByRole('cell')
      .map((cell) => cell.textContent),
  ).toEqual(['Refusals', '25.0 %', '', '12.5 %'])
  expect(screen.getByRole('row', { name: /Gain in score/ })).toHaveTextContent('0.60 to 1.40')
  expect(screen.getByText(/40 to 200/)).toHaveTextContent('120 (40 to 200) · 52 comparisons')
  expect(screen.getByRole('link', { name: 'w48-pm' })).toHaveAttribute('href', '/admin/snapshots/w48-pm')
  expect(screen.getByText('9.3 MB')).toBeVisible()
})

it('a snapshot is retired with a reason, and a refusal is read', async () => {
  const server = serve({ 'GET /snapshots/w48-policy': page({}) })
  server.on('POST /snapshots/w48-policy/retire', () =>
    problem(409, 'snapshot-deployed', 'Snapshot “w48-policy” is deployed for helpfulness (50 %).'),
  )
  const { user } = openPage('/admin/snapshots/w48-policy')
  await user.click(await screen.findByRole('button', { name: 'Retire' }))
  const dialog = screen.getByRole('dialog')
  expect(within(dialog).getByRole('button', { name: 'Retire' })).toBeDisabled()
  await user.type(within(dialog).getByLabelText('Reason, for the record'), 'It swears.')
  await user.click(within(dialog).getByRole('button', { name: 'Retire' }))
  expect(await screen.findByText('Snapshot “w48-policy” is deployed for helpfulness (50 %).')).toBeVisible()
  expect(server.bodies('POST /snapshots/w48-policy/retire')).toEqual([{ reason: 'It swears.' }])
})

it('two snapshots stand side by side with the median of 17 and the scores it was chosen from', async () => {
  serve({ 'GET /samples': sides([pair({})]) })
  openPage('/admin/snapshots/compare?a=w48-policy&b=initial')
  const prompt = await screen.findByRole('region', { name: 'Prompt 1 of 1' })
  expect(within(prompt).getByText('Why is the sky blue?')).toBeVisible()
  const trained = within(prompt).getByRole('article', { name: 'w48-policy' })
  expect(trained).toHaveTextContent('median 1.50 by w48-pm · higher')
  expect(within(prompt).getByRole('article', { name: 'initial' })).toHaveTextContent('median −0.50 by w48-pm')
  expect(
    within(trained).getByRole('img', { name: 'All scores of w48-policy: 0.00, 1.50, 2.00' }),
  ).toBeInTheDocument()
})

it('scores of two PMs are not called higher or lower', async () => {
  serve({ 'GET /samples': sides([pair({ b: said('Blue.', -0.5, 'w47-pm') })]) })
  openPage('/admin/snapshots/compare')
  expect(await screen.findByText(/Two PMs judged these responses/)).toBeVisible()
  expect(screen.queryByText(/higher/)).toBeNull()
})

it('words of red-team prompts come after a click, for those who agreed to the warning', async () => {
  const covered = pair({
    id: 'p2',
    is_red_team: true,
    covered: true,
    prompt: [],
    a: said(null, 1),
    b: said(null, 0),
  })
  const server = serve({ 'GET /samples': sides([covered]) })
  server.on('GET /session', session({ role: 'researcher', red_team_opt_in: true }))
  server.on('POST /samples/openings', sides([pair({ is_red_team: true })]))
  const { user } = openPage('/admin/snapshots/compare')
  expect(await screen.findByText('A red-team prompt: its words are covered.')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Show red-team prompts' }))
  expect(await screen.findByText('It scatters.')).toBeVisible()
  await waitFor(() => expect(screen.queryByText(/words are covered/)).toBeNull())
})
