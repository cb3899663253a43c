import { screen, within } from '@testing-library/react'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { Datasheet, Facts, TrancheLine } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const line: TrancheLine = {
  id: 't1',
  name: '2026-w48-online',
  kind: 'online',
  created_at: '2026-11-24T08:00:00Z',
  frozen_by: { id: 'it1', name: '2026-w48', status: 'deployed' },
  content_hash: 'ab12',
  comparisons: 200,
  conversations: 80,
  left_out: 3,
  erased: 2,
}

const spread = { count: 200, p5: 3, p50: 11.5, p95: 60, most: 100 }

const facts: Facts = {
  first_at: '2026-11-17T08:00:00Z',
  last_at: '2026-11-23T08:00:00Z',
  by_split: { train: 190, test: 10 },
  by_turn: { '1': 80, '2': 120 },
  by_direction: { 'pick-better': 200 },
  conversations_by_comparisons: { '2': 80 },
  crowdworkers: { count: 3, largest: [120, 50], of_nobody: 0 },
  seconds_to_choose: spread,
  first_picked: 104,
  lengths: { message: spread, chosen: spread, rejected: null },
  longer_chosen: 110,
  equally_long: 0,
  scripts: { Latin: 80 },
  texts: [{ task: 'helpfulness', version: 3, comparisons: 200, question: 'Which is more helpful?' }],
  imports: [],
  pairs: [
    { policies: ['initial', 'week-1'], comparisons: 150, propensity: [0.18, 0.32] },
    { policies: ['week-1', 'week-1'], comparisons: 50, propensity: [0.25, 0.25] },
  ],
  pairs_more: 0,
  comparisons_more: 0,
  of_no_two_policies: 0,
}

const sheet: Datasheet = {
  ...line,
  by_task: [{ slug: 'helpfulness', kind: 'helpfulness', comparisons: 200 }],
  by_strength: { '2': 150, '4': 50 },
  exclusions: { 'identical texts': 3 },
  facts,
  trained: [
    {
      iteration: { id: 'it1', name: '2026-w48', status: 'deployed' },
      snapshots: [{ name: '2026-w48-pm', kind: 'pm' }],
    },
  ],
  limits: ['One crowdworker gave 60 % of it.'],
  commands: { check: 'turnwise datasheet --check 2026-w48-online' },
}

let server: FakeServer

beforeAll(async () => {
  await Promise.all([import('@/other-routes'), import('@/admin-routes')])
}, 120_000)

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /threads': [],
    'GET /reports': [],
    'GET /tranches': [line],
    'GET /tranches/2026-w48-online': sheet,
  })
})

const card = async (name: string) => within(await screen.findByRole('region', { name }))

it('lists what is frozen, and by which iteration', async () => {
  openPage('/admin/tranches')
  expect(await screen.findByText('200 comparisons in 1 tranche')).toBeVisible()
  expect(screen.getByRole('link', { name: '2026-w48-online' })).toHaveAttribute(
    'href',
    '/admin/tranches/2026-w48-online',
  )
  expect(screen.getByRole('link', { name: '2026-w48' })).toHaveAttribute('href', '/admin/iterations/it1')
})

it('says what makes the first tranche while there is none', async () => {
  server.on('GET /tranches', [])
  openPage('/admin/tranches')
  expect(await screen.findByText('No tranche yet')).toBeVisible()
  expect(screen.getByRole('link', { name: 'Start an iteration' })).toBeVisible()
})

it('tells of one tranche what was asked, by whom, of whom and why', async () => {
  openPage('/admin/tranches/2026-w48-online')
  expect(await screen.findByText('One crowdworker gave 60 % of it.')).toBeVisible()
  expect((await card('What people were asked')).getByText(/Which is more helpful/)).toBeVisible()
  const who = await card('Who gave it')
  expect(who.getByText('120').nextElementSibling).toHaveTextContent('60 %')
  expect(who.getByText('1 other').nextElementSibling?.nextElementSibling).toHaveTextContent('30')
  expect(who.getByText(/median 11.5, 90 % from 3 to 60/)).toBeVisible()
  const met = await card('Who was compared')
  expect(met.getByRole('row', { name: 'initial · week-1 150 0.18 to 0.32' })).toBeVisible()
  expect(met.getByRole('row', { name: 'week-1 with itself 50 0.25' })).toBeVisible()
  expect(
    (await card('How it came about')).getByText('2 comparisons erased since', { exact: false }),
  ).toBeVisible()
  expect((await card('What it was used for')).getByText(/2026-w48-pm \(PM\)/)).toBeVisible()
  expect(screen.getByRole('link', { name: 'Export this tranche' })).toHaveAttribute(
    'href',
    '/admin/exports?tranche=2026-w48-online',
  )
})

it('says “not enough data” where nobody’s time is known', async () => {
  server.on('GET /tranches/2026-w48-online', { ...sheet, facts: { ...facts, seconds_to_choose: null } })
  openPage('/admin/tranches/2026-w48-online')
  expect((await card('Who gave it')).getByText(/Not enough data/)).toBeVisible()
})

it('shows what is known of a tranche that is still being counted', async () => {
  server.on('GET /tranches/2026-w48-online', { ...sheet, facts: null })
  openPage('/admin/tranches/2026-w48-online')
  expect(await screen.findByText(/A job is counting/)).toBeVisible()
  expect(screen.queryByRole('region', { name: 'Who gave it' })).toBeNull()
})

it('says which tranches there are when one is not', async () => {
  server.on(
    'GET /tranches/w1',
    problem(404, 'unknown-tranche', 'There is no tranche “w1”; there are none yet.'),
  )
  openPage('/admin/tranches/w1')
  expect(await screen.findByText('There is no tranche “w1”; there are none yet.')).toBeVisible()
})
