import { screen, within } from '@testing-library/react'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { Pay } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const pay: Pay = {
  due: [{ currency: 'USD', cents: 1333, assignments: 3, bonuses: 1, people: 3 }],
  bonuses: [
    {
      id: 'b1',
      account_id: 'p1',
      username: 'mina',
      amount: { cents: 250, currency: 'USD' },
      reason: 'Many thanks.',
      by: 'rosa',
      at: '2026-11-24T08:00:00Z',
    },
  ],
  exports: [
    {
      id: 'e1',
      created_at: '2026-11-20T08:00:00Z',
      by: 'rosa',
      until: null,
      payments: 12,
      people: 4,
      totals: [{ cents: 5400, currency: 'USD' }],
    },
  ],
}
let server: FakeServer

beforeAll(async () => {
  await Promise.all([import('@/other-routes'), import('@/admin-routes')])
}, 120_000)

beforeEach(() => {
  server = new FakeServer({ 'GET /session': session({ role: 'researcher' }), 'GET /pay': pay })
})

it('exports what is due after one more question', async () => {
  server.on('POST /pay/exports', { ...pay.exports[0], id: 'e2' })
  const { user } = openPage('/admin/pay')
  expect(await screen.findByText('$13.33')).toBeVisible()
  expect(screen.getByText('3 assignments and 1 bonus of 3 people')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Export what is due' }))
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Export what is due' }))
  expect(server.bodies('POST /pay/exports')).toEqual([{ until: null }])
  expect(screen.getByRole('link', { name: /as CSV/ })).toHaveAttribute('href', '/api/v1/pay/exports/e1/csv')
})

it('takes a bonus back, and adds several by lines', async () => {
  server.on('DELETE /pay/bonuses/b1', () => null)
  server.on(
    'POST /pay/bonuses',
    problem(422, 'bonus-file-wrong', 'csv: line 1: nobody here is called “zoe”.'),
  )
  const { user } = openPage('/admin/pay')
  await user.click(await screen.findByRole('button', { name: 'Take back' }))
  await user.click(
    within(screen.getByRole('dialog')).getByRole('button', { name: 'Take back the bonus of mina' }),
  )
  expect(server.bodies('DELETE /pay/bonuses/b1')).toHaveLength(1)
  await user.type(screen.getByLabelText(/Lines/), 'zoe,1,Thanks')
  await user.click(screen.getByRole('button', { name: 'Add them' }))
  expect(await screen.findByText(/nobody here is called “zoe”/)).toBeVisible()
  expect(server.bodies('POST /pay/bonuses')).toEqual([{ csv: 'zoe,1,Thanks', currency: 'USD' }])
})
