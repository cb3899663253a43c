import { screen, within } from '@testing-library/react'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { Crowdworker, CrowdworkerLine, Figure } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const line: CrowdworkerLine = {
  id: 'p1',
  username: 'mina',
  platform: null,
  suspended: false,
  may_edit: false,
  excluded_reason: null,
  excluded_since: null,
  created_at: '2026-11-01T08:00:00Z',
  last_at: '2026-11-24T08:00:00Z',
  comparisons: 245,
  conversations: 165,
  week: 55,
  of_all: 0.48,
  seconds: 21,
  strengths: [30, 80, 90, 45],
  position: { share: 0.75, low: 0.63, high: 0.84, of: 60 },
  researchers: null,
  reviews: 3,
  pm: { share: 0.7, low: 0.64, high: 0.75, of: 245 },
}

const person: Crowdworker = {
  ...line,
  external_id: null,
  role: 'crowdworker',
  red_team_opt_in: false,
  has_password: true,
  exposure: 0,
  checks: 0,
  checks_right: 0,
  tasks: [
    {
      task: 'helpfulness',
      title: 'Get help',
      state: 'failed',
      tries: [{ at: '2026-11-01T08:00:00Z', text_version: 1, correct: 1, passed: false }],
      tries_left: 0,
      decision: null,
    },
  ],
  thread: { messages: 1, unread: 1, last_at: null },
  visits: [],
  assignments: [],
  latest: [],
  latest_reviews: [],
}

const figure: Figure = {
  name: 'x',
  title: 'A figure',
  kind: 'line',
  x: { label: 'x', unit: '' },
  y: { label: 'y', unit: '' },
  series: [],
  finding: null,
  how_to_read: '',
  interval: null,
  paper: null,
  command: '',
  data_hash: '',
  missing: 'Nothing yet.',
}

let server: FakeServer

beforeAll(async () => {
  await Promise.all([import('@/other-routes'), import('@/admin-routes')])
}, 120_000)

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'admin' }),
    'GET /crowdworkers': {
      lines: [line, { ...line, id: 'p2', username: 'sol', position: null }],
      next: null,
      count: 2,
      comparisons: 514,
      large: [{ id: 'p1', username: 'mina', of_all: 0.48 }],
      counted_at: new Date().toISOString(),
    },
    'GET /crowdworkers/p1': person,
    ...Object.fromEntries(
      ['data-by-crowdworker', 'crowdworker-volume', 'crowdworker-seconds', 'crowdworker-habits'].map(
        (name) => [`GET /figures/${name}`, { ...figure, name }],
      ),
    ),
  })
})

it('lists how each chooses, marks a bias, and says where there is not enough data', async () => {
  openPage('/admin/crowdworkers')
  const mina = (await screen.findByRole('link', { name: 'mina' })).closest('tr') as HTMLElement
  expect(mina).toHaveTextContent('24548 % of all')
  expect(mina).toHaveTextContent('75 % !63–84 %')
  expect(within(mina).getByText('Not enough data (3 reviews)')).toBeVisible()
  expect(screen.getByText(/mina gave 48 % of all comparisons/)).toBeVisible()
})

it('asks for another order by its columns, which the address keeps', async () => {
  const asked: string[] = []
  const whole = { lines: [line], next: null, count: 1, comparisons: 514, large: [], counted_at: null }
  server.on('GET /crowdworkers', ({ url }: { url: URL }) => {
    asked.push(`${url.searchParams.get('sort')} ${url.searchParams.get('down')}`)
    return whole
  })
  const { user } = openPage('/admin/crowdworkers')
  await user.click(await screen.findByRole('button', { name: 'Sort by: Time' }))
  await user.click(await screen.findByRole('button', { name: 'Sort by: Time' }))
  expect(await screen.findByRole('columnheader', { name: /Time/ })).toHaveAttribute('aria-sort', 'ascending')
  expect(asked).toEqual(['comparisons true', 'seconds true', 'seconds false'])
})

it('leaves somebody out only with a reason, and says before how much that is', async () => {
  server.on('GET /accounts/p1/exclusion', { left_out: 60, frozen: 185, tranches: 2 })
  server.on('PUT /accounts/p1/exclusion', () => null)
  const { user } = openPage('/admin/crowdworkers/p1')
  await user.click(await screen.findByRole('button', { name: 'Leave out of tranches' }))
  const dialog = within(screen.getByRole('dialog'))
  expect(
    await dialog.findByText(/60 comparisons would be left out. 185 comparisons in 2 tranches stay/),
  ).toBeVisible()
  expect(dialog.getByRole('button', { name: 'Leave mina out' })).toBeDisabled()
  expect(dialog.getByLabelText(/Reason/)).toHaveFocus()
  await user.type(dialog.getByLabelText(/Reason/), 'Asleep.')
  await user.type(dialog.getByLabelText(/since/), '2026-11-20')
  await user.click(dialog.getByRole('button', { name: 'Leave mina out' }))
  expect(server.bodies('PUT /accounts/p1/exclusion')).toEqual([{ reason: 'Asleep.', since: '2026-11-20' }])
})

it('opens a task by hand, and makes a researcher', async () => {
  server.on('PUT /accounts/p1/qualifications/helpfulness', () => null)
  server.on('PUT /accounts/p1/role', () => null)
  const { user } = openPage('/admin/crowdworkers/p1')
  await user.click(await screen.findByRole('button', { name: 'Qualify' }))
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Qualify for Get help' }))
  expect(server.bodies('PUT /accounts/p1/qualifications/helpfulness')).toEqual([
    { qualified: true, reason: '' },
  ])
  await user.click(screen.getByRole('button', { name: 'Make a researcher' }))
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Make mina a researcher' }))
  expect(server.bodies('PUT /accounts/p1/role')).toEqual([{ role: 'researcher', reason: '' }])
})
