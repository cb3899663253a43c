import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const generation = (number: number, active: boolean, shares: [string, number][]) => ({
  task: 'helpfulness',
  generation: number,
  active,
  created_at: '2026-11-24T08:00:00Z',
  deployments: shares.map(([snapshot, share]) => ({ snapshot, share, best_of: 1 })),
})

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'admin' }),
    'GET /snapshots': [],
    'GET /deployments': [
      generation(2, true, [
        ['w48-policy', 80],
        ['initial', 20],
      ]),
      generation(1, false, [['initial', 100]]),
    ],
  })
})

it('shares that do not add up cannot be deployed', async () => {
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByRole('button', { name: 'Change shares' }))
  const [first] = screen.getAllByLabelText('Share in %')
  await user.clear(first as HTMLElement)
  await user.type(first as HTMLElement, '70')
  expect(screen.getByText('Together 90 %. Shares must add up to 100 %.')).toBeVisible()
  expect(screen.getByRole('button', { name: 'Deploy' })).toBeDisabled()
})

it('new shares go out after a second question, with the reason', async () => {
  server.on('PUT /tasks/helpfulness/deployments', generation(3, true, [['initial', 100]]))
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByRole('button', { name: 'Change shares' }))
  await user.click(screen.getByRole('button', { name: 'Remove w48-policy' }))
  await user.clear(screen.getByLabelText('Share in %'))
  await user.type(screen.getByLabelText('Share in %'), '100')
  await user.type(screen.getByLabelText('Reason, for the record'), 'Too many refusals.')
  await user.click(screen.getByRole('button', { name: 'Deploy' }))
  expect(server.bodies('PUT /tasks/helpfulness/deployments')).toEqual([])
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Deploy' }))
  await waitFor(() =>
    expect(server.bodies('PUT /tasks/helpfulness/deployments')).toEqual([
      { deployments: [{ snapshot: 'initial', share: 100, best_of: 1 }], reason: 'Too many refusals.' },
    ]),
  )
})

it('a refused roll-back says why', async () => {
  server.on('POST /tasks/helpfulness/rollback', () =>
    problem(409, 'nothing-to-roll-back', 'There is nothing earlier.'),
  )
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByRole('button', { name: 'Roll back' }))
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Roll back' }))
  expect(await screen.findByText('There is nothing earlier.')).toBeVisible()
})
