import { screen, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import type { Person } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const bob: Person = {
  id: 'p1',
  username: 'bob',
  role: 'crowdworker',
  may_edit: false,
  suspended: false,
  comparisons: 1234,
  created_at: '2026-11-24T08:00:00Z',
}
let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /accounts': [bob, { ...bob, id: 'p2', username: 'eve' }],
  })
})

it('lets somebody edit', async () => {
  server.on('PUT /accounts/p1/may-edit', { ...bob, may_edit: true })
  const { user } = openPage('/admin/people')
  const may = await screen.findByRole('switch', { name: 'bob may edit responses' })
  await user.click(may)
  expect(may).toBeChecked()
  expect(server.bodies('PUT /accounts/p1/may-edit')).toEqual([{ may_edit: true }])
})

it('suspends only with a reason', async () => {
  server.on('PUT /accounts/p1/suspended', { ...bob, suspended: true })
  const { user } = openPage('/admin/people')
  await user.type(await screen.findByLabelText('Find a name'), 'bo')
  expect(screen.queryByText('eve')).not.toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'Suspend' }))
  const dialog = within(screen.getByRole('dialog'))
  expect(dialog.getByRole('button', { name: 'Suspend bob' })).toBeDisabled()
  await user.type(dialog.getByLabelText(/Reason/), 'Spam.')
  await user.click(dialog.getByRole('button', { name: 'Suspend bob' }))
  expect(await screen.findByText('Suspended')).toBeVisible()
  expect(server.bodies('PUT /accounts/p1/suspended')).toEqual([{ suspended: true, reason: 'Spam.' }])
  expect(screen.getByRole('button', { name: 'Readmit' })).toBeVisible()
})
