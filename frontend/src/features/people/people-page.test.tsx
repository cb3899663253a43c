import { screen, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import type { People, Person } from '@/api/types'
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
const eve: Person = { ...bob, id: 'p2', username: 'eve' }
let server: FakeServer

/** Two pages of one person each. */
function answer(asked: URLSearchParams): People {
  const found = [bob, eve].filter((person) => person.username.includes(asked.get('q') ?? ''))
  const people = asked.get('after') === 'p1' ? found.slice(1) : found.slice(0, 1)
  return { people, next: people.length > 0 && people[0] === bob && found.length > 1 ? 'p1' : null }
}

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /accounts': ({ url }: { url: URL }) => answer(url.searchParams),
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
  await user.click(await screen.findByRole('button', { name: 'Suspend' }))
  const dialog = within(screen.getByRole('dialog'))
  expect(dialog.getByRole('button', { name: 'Suspend bob' })).toBeDisabled()
  await user.type(dialog.getByLabelText(/Reason/), 'Spam.')
  await user.click(dialog.getByRole('button', { name: 'Suspend bob' }))
  expect(await screen.findByText('Suspended')).toBeVisible()
  expect(server.bodies('PUT /accounts/p1/suspended')).toEqual([{ suspended: true, reason: 'Spam.' }])
  expect(screen.getByRole('button', { name: 'Readmit' })).toBeVisible()
})

it('shows earlier people page by page, and what is changed stays where it is', async () => {
  server.on('PUT /accounts/p2/may-edit', { ...eve, may_edit: true })
  const { user } = openPage('/admin/people')
  await user.click(await screen.findByRole('button', { name: 'Earlier people' }))
  const may = await screen.findByRole('switch', { name: 'eve may edit responses' })
  await user.click(may)
  expect(may).toBeChecked()
  expect(screen.getByText('bob')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Earlier people' })).not.toBeInTheDocument()
})

it('finds somebody by a part of the name, on any page', async () => {
  const { user } = openPage('/admin/people')
  expect(await screen.findByText('bob')).toBeVisible()
  const search = screen.getByLabelText('Find a name')
  await user.type(search, 'ev{Enter}')
  expect(await screen.findByText('eve')).toBeVisible()
  expect(screen.queryByText('bob')).not.toBeInTheDocument()
  await user.clear(search)
  await user.type(search, 'zoe{Enter}')
  expect(await screen.findByText('Nobody is called like that.')).toBeVisible()
})
