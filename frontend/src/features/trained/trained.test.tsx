import { screen, waitFor, within } from '@testing-library/react'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { EvaluatedPm, Figure, PolicyRun } from '@/api/types'
import { coloursOf } from '@/components/figure-colours'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const pm: EvaluatedPm = {
  name: 'week-2-pm',
  iteration_id: 'i2',
  iteration: 'week-2',
  evaluated_at: '2026-11-28T10:00:00Z',
  comparisons: 600,
  families: 200,
  accuracy: 0.692,
  low: 0.654,
  high: 0.727,
  longer_wins: 0.527,
  over_longer_p: 0.00001,
  loss: 0.589,
  length_correlation: null,
  trained_on: 3820,
  alarms: [],
}
const pms = [
  pm,
  { ...pm, name: 'week-1-pm', trained_on: null, alarms: ['The PM mostly likes long responses.'] },
]
const run: PolicyRun = {
  iteration_id: 'i2',
  iteration: 'week-2',
  run_id: 'r2',
  status: 'succeeded',
  steps: 60,
  kl_to_initial: 14.07,
  sentences: ['The policy exploits its PM.'],
}
const runs = [run, { ...run, iteration_id: 'i1', iteration: 'week-1', steps: null, sentences: [] }]

function figure(name: string): Figure {
  return {
    name,
    title: name,
    kind: 'points',
    x: { label: 'Turn', unit: '' },
    y: { label: 'Right', unit: '%' },
    series: [{ name: 'pm', points: [{ x: '1', y: 71.25, low: 60, high: 80, of: 1234 }] }],
    finding: 'It is right.',
    how_to_read: 'Look, or type `turnwise figure`.',
    command: `turnwise figure ${name}`,
    data_hash: 'abc',
  }
}

let asked: string[]
let server: FakeServer

// The researchers' pages are fetched when the first of them is opened, which takes long on a busy machine.
beforeAll(async () => {
  await Promise.all([import('@/other-routes'), import('@/admin-routes')])
}, 120_000)

beforeEach(() => {
  asked = []
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /preference-models': pms,
    'GET /policy-runs': runs,
  })
  const names = [
    'by-tranche',
    'by-turn',
    'by-strength',
    'by-task',
    'by-lengths',
    'calibration',
    'high-scores',
  ]
  names.push('scores-by-tranche', 'scores-by-task', 'accuracy', 'learning-curve', 'mixture')
  const policies = ['runs', 'score-and-kl', 'best-of-k', 'scores-by-step', 'style', 'rates', 'scores-by-task']
  policies.push('logp-accuracy', 'tension')
  const all = [...names.map((name) => `pm-${name}`), ...policies.map((name) => `policy-${name}`)]
  for (const name of [...all, 'win-rate-against-initial']) {
    server.on(`GET /figures/${name}`, ({ url }: { url: URL }) => {
      asked.push(name + url.search)
      // Charts take long without a browser, and hold a page back while they are fetched.
      return { ...figure(name), missing: 'Not drawn here.' }
    })
  }
})

it('begins with the newest PM and its numbers, and says what nobody can tell', async () => {
  openPage('/admin/preference-models')
  expect(await screen.findByText('69.2 %')).toBeVisible()
  expect(screen.getByText('95 %: 65.4 to 72.7')).toBeVisible()
  expect(screen.getByText('the PM is better, p < 0.001')).toBeVisible()
  expect(screen.getByText('Not enough data')).toBeVisible()
  expect(screen.getByText('tested on 600 of 200 families')).toBeVisible()
  expect(screen.getByRole('link', { name: 'Iteration week-2' })).toHaveAttribute(
    'href',
    '/admin/iterations/i2',
  )
  await waitFor(() => expect(asked).toContain('pm-mixture'))
  expect(asked).toContain('pm-by-turn?snapshot=week-2-pm')
})

it('another PM is in the address, with its alarms', async () => {
  const { user } = openPage('/admin/preference-models')
  await user.selectOptions(await screen.findByLabelText('PM'), 'week-1-pm')
  expect(await screen.findByText('The PM mostly likes long responses.')).toBeVisible()
  await waitFor(() => expect(asked).toContain('pm-calibration?snapshot=week-1-pm'))
})

it('a figure is a table too, with what it found and how to read it', async () => {
  server.on('GET /figures/pm-by-turn', figure('pm-by-turn'))
  const { user } = openPage('/admin/preference-models')
  const shown = within(await screen.findByRole('figure', { name: 'pm-by-turn' }))
  expect(shown.getByText('It is right.')).toBeVisible()
  expect(shown.getByText('turnwise figure').tagName).toBe('CODE')
  expect(shown.queryByRole('table')).toBeNull()
  await user.click(shown.getByText('As a table'))
  const [, row] = shown.getAllByRole('row')
  expect(row).toHaveTextContent('pm171.2560 to 801,234')
})

it('says what brings a PM while there is none, and shows what is there without one', async () => {
  server.on('GET /preference-models', [])
  openPage('/admin/preference-models')
  expect(await screen.findByText('No PM was evaluated yet')).toBeVisible()
  expect(await screen.findByRole('figure', { name: 'pm-learning-curve' })).toBeVisible()
  expect(screen.queryByRole('figure', { name: 'pm-by-turn' })).toBeNull()
})

it('shows a policy’s training with its alarms, or another one', async () => {
  const { user } = openPage('/admin/policies')
  expect(await screen.findByText('The policy exploits its PM.')).toBeVisible()
  expect(
    screen.getByText('Learned in 60 steps, 14.07 nats per response from the initial policy.'),
  ).toBeVisible()
  await user.selectOptions(screen.getByLabelText('Training of'), 'i1')
  expect(await screen.findByText('Its snapshot is not made yet.')).toBeVisible()
  await waitFor(() => expect(asked).toContain('policy-style?iteration=i1'))
})

it('what was measured has colours of its own, its companion the same, and all else is grey', () => {
  const roles = [null, 'companion', 'reference', null, 'background', 'companion'] as const
  const [first, its, would, second, behind, seconds] = coloursOf(
    'light',
    roles.map((role) => ({ role })),
  )
  expect(its).toBe(first)
  expect(seconds).toBe(second)
  expect(second).not.toBe(first)
  expect(would).toBe(behind)
  expect([first, second]).not.toContain(would)
})
