import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Overview } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const counts = (today: number, this_week: number, last_week: number, total: number) => ({
  today,
  this_week,
  last_week,
  total,
})

const overview = (fields: Partial<Overview> = {}): Overview => ({
  decisions: [],
  alarms: [],
  collected: {
    all: counts(12, 40, 300, 1340),
    by_task: { helpfulness: counts(12, 40, 300, 1340) },
    by_kind: { online: counts(12, 40, 300, 1340) },
    new: 52,
    crowdworkers: 3,
    assignments_open: 1,
  },
  training: null,
  next_run: null,
  answering: [],
  scoring_pm: null,
  first_steps: [
    { step: 'try-a-turn', done: true },
    { step: 'compare', done: true },
  ],
  ...fields,
})

const figure = {
  name: 'elo',
  title: 'Elo',
  kind: 'points',
  x: { label: '', unit: null },
  y: { label: '', unit: null },
  series: [],
  how_to_read: '',
  interval: null,
  paper: null,
  command: '',
  data_hash: '',
  missing: 'There is nothing yet.',
}

let server: FakeServer

beforeEach(() => {
  localStorage.clear()
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /overview': overview(),
    'GET /overview/inference': { reachable: true, models: ['initial'], alarms: [] },
    'GET /figures/comparisons-per-day': figure,
    'GET /figures/elo': figure,
    'GET /threads': [],
    'GET /reports': [],
  })
})

const part = async (name: string) => within(await screen.findByRole('region', { name }))

describe('the overview', () => {
  it('says what came in, today and this week beside the last one', async () => {
    openPage('/admin')
    const row = (await part('What came in')).getByRole('row', { name: /^helpfulness/ })
    expect(row).toHaveTextContent('helpfulness12403001,340')
    expect(screen.getByText(/52 since the last tranche · 3 crowdworkers chose this week/)).toBeVisible()
    expect(screen.getByText('Nothing waits for you.')).toBeVisible()
    expect(screen.queryByRole('region', { name: 'The first five minutes' })).not.toBeInTheDocument()
  })

  it('leads from what waits to where it is decided, and puts what stands still first', async () => {
    server
      .on(
        'GET /overview',
        overview({
          decisions: [
            { kind: 'held', sentence: 'Iteration w48 is held.', link: '/admin/iterations/it1', halts: false },
          ],
          alarms: [{ kind: 'not-told', sentence: 'Nobody was told.', link: null, halts: false }],
        }),
      )
      .on('GET /overview/inference', {
        reachable: false,
        models: [],
        alarms: [{ kind: 'inference', sentence: 'It does not answer.', link: null, halts: true }],
      })
    openPage('/admin')
    const decide = (await part('Waits for a decision')).getByRole('link', {
      name: 'Decide: Iteration w48 is held.',
    })
    expect(decide).toHaveAttribute('href', '/admin/iterations/it1')
    await screen.findByText('It does not answer.')
    const alarms = (await part('Alarms')).getAllByRole('listitem').map((item) => item.textContent)
    expect(alarms).toEqual(['Stands stillIt does not answer.', 'Nobody was told.'])
  })

  it('shows the stage that is running, its progress and the time left', async () => {
    server.on(
      'GET /overview',
      overview({
        training: {
          id: 'it1',
          name: '2026-w48',
          status: 'running',
          reason: null,
          created_at: '2026-11-24T08:00:00Z',
          finished_at: null,
          stages_done: 3,
          stages: 7,
          stage: 'train_policy',
          waiting: false,
          progress: { phase: 'steps', done: 11, total: 32, seconds_left: 540 },
          seconds_left: 1200,
        },
      }),
    )
    openPage('/admin')
    const training = await part('Training')
    expect(training.getByText('Train policy: steps, 11 of 32 · about 9 min left in it')).toBeVisible()
    expect(training.getByText('3 of 7 stages done · about 20 min left')).toBeVisible()
  })

  it('shows who answers with the share, the Elo and its interval', async () => {
    const line = { best_of: 1, comparisons: 40 }
    server.on(
      'GET /overview',
      overview({
        answering: [
          {
            task: 'helpfulness',
            title: 'Talk',
            since: '2026-11-24T08:00:00Z',
            policies: [
              { ...line, snapshot: 'week-2', share: 60, strength: null },
              { ...line, snapshot: 'week-1', share: 30, strength: { elo: 80.4, low: -19.6, high: 140 } },
              { ...line, snapshot: 'initial', share: 10, strength: { elo: 0, low: 0, high: 0 } },
            ],
          },
        ],
      }),
    )
    openPage('/admin')
    const rows = (await part('Who answers')).getAllByRole('row').map((row) => row.textContent)
    expect(rows.slice(1)).toEqual(['week-2not enough data', 'week-180−20 to 140', 'initial0by definition'])
  })
})

describe('the first five minutes', () => {
  beforeEach(() => {
    server.on(
      'GET /overview',
      overview({
        first_steps: [
          { step: 'try-a-turn', done: true },
          { step: 'invite-somebody', done: false },
        ],
      }),
    )
  })

  it('are ticked by what has happened, and say where the rest is done', async () => {
    openPage('/admin')
    const steps = (await part('The first five minutes')).getAllByRole('listitem')
    expect(steps[0]).toHaveTextContent('Try a turn (done)')
    expect(steps[1]).toHaveTextContent('Invite somebody (to do)')
    expect(screen.getByRole('link', { name: 'Make a link' })).toHaveAttribute('href', '/admin/invitations')
  })

  it('go away by a click, which this browser remembers', async () => {
    const first = openPage('/admin')
    await first.user.click(await screen.findByRole('button', { name: 'Hide this list' }))
    await waitFor(() => expect(screen.queryByText('Try a turn')).not.toBeInTheDocument())
    first.unmount()
    openPage('/admin')
    await screen.findByText('What came in')
    expect(screen.queryByText('Try a turn')).not.toBeInTheDocument()
  })
})
