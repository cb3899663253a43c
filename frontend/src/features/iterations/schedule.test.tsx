import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const PLAN = {
  cron: '0 3 * * 1',
  timezone: 'Europe/Berlin',
  enabled: true,
  preset: 'small',
  overrides: {},
  min_new_comparisons: 100,
}
const STARTS = {
  sentence: 'Every Monday at 03:00.',
  next_runs: ['2026-03-23T03:00:00+01:00', '2026-03-30T03:00:00+02:00', '2026-04-06T03:00:00+02:00'],
}

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /presets/fields': [],
    'GET /presets': [{ name: 'small', description: 'Half an hour.' }],
    'GET /schedule/starts': STARTS,
    'GET /schedule': {
      ...PLAN,
      ...STARTS,
      next_run_at: '2026-03-23T02:00:00Z',
      version: 4,
      changed_at: '2026-03-20T08:00:00Z',
      changed_by: 'rosa',
    },
  })
})

describe('the schedule', () => {
  it('says in words what it means, and on which clock', async () => {
    openPage('/admin/schedule')
    const means = within(await screen.findByRole('region', { name: 'What that means' }))
    expect(await means.findByText('Every Monday at 03:00.')).toBeVisible()
    const starts = means.getAllByRole('listitem').map((item) => item.textContent)
    expect(starts[0]).toMatch(/23.*UTC\+01:00/)
    expect(starts[1]).toMatch(/30.*03:00.*UTC\+02:00/)
    expect(screen.getByText(/Last changed .* by rosa/)).toBeVisible()
  })

  it('says at once what is wrong with a date that never comes', async () => {
    server.on('GET /schedule/starts', ({ url }: { url: URL }) =>
      url.searchParams.get('cron') === '0 3 30 2 *'
        ? problem(422, 'bad-cron', '“0 3 30 2 *” names a date that never comes.')
        : STARTS,
    )
    const { user } = openPage('/admin/schedule')
    const cron = await screen.findByLabelText(/When \(cron\)/)
    await user.clear(cron)
    await user.type(cron, '0 3 30 2 *')
    expect(await screen.findByText('“0 3 30 2 *” names a date that never comes.')).toBeVisible()
  })

  it('sends the version that was read, and a first start of its own', async () => {
    server.on('PUT /schedule', { ...PLAN, ...STARTS, version: 5, next_run_at: STARTS.next_runs[0] })
    const { user } = openPage('/admin/schedule')
    await user.click(await screen.findByRole('button', { name: 'Every night at 3:00' }))
    await user.type(screen.getByLabelText(/First start/), '2027-01-04T09:00')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() =>
      expect(server.bodies('PUT /schedule')).toEqual([
        { ...PLAN, cron: '0 3 * * *', first_run_at: '2027-01-04T09:00', version: 4 },
      ]),
    )
  })

  it('keeps what was written when a colleague was quicker, and offers what is there now', async () => {
    server.on('PUT /schedule', () =>
      problem(409, 'schedule-changed', 'tom changed the schedule meanwhile; look at it again first.'),
    )
    const { user } = openPage('/admin/schedule')
    const least = await screen.findByLabelText(/Fewest new comparisons/)
    await user.clear(least)
    await user.type(least, '7')
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('tom changed the schedule meanwhile')
    expect(least).toHaveValue(7)
    server.on('GET /schedule', {
      ...PLAN,
      ...STARTS,
      min_new_comparisons: 55,
      version: 5,
      next_run_at: STARTS.next_runs[0],
    })
    await user.click(screen.getByRole('button', { name: 'Show what is there now' }))
    await waitFor(() => expect(screen.getByLabelText(/Fewest new comparisons/)).toHaveValue(55))
  })
})
