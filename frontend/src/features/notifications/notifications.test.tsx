import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Delivery, Notifications, Receiver } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const receiver = (fields: Partial<Receiver> = {}): Receiver => ({
  id: 'r1',
  kind: 'webhook',
  address: 'https://hooks.example/…',
  events: ['iteration.held', 'iteration.failed'],
  active: true,
  created_at: '2026-11-24T08:00:00Z',
  created_by: 'ana',
  waiting: 0,
  given_up: 1,
  ...fields,
})

const delivery = (fields: Partial<Delivery> = {}): Delivery => ({
  id: 'd1',
  receiver_id: 'r1',
  event_id: 'e1',
  event: 'iteration.held',
  sentence: 'Iteration w48 is held.',
  url: 'http://here/admin/iterations/it1',
  status: 'given-up',
  tries: [{ at: '2026-11-24T08:00:00Z', ok: false, outcome: '500 Internal Server Error', ms: 12 }],
  next_try_at: null,
  created_at: '2026-11-24T08:00:00Z',
  ...fields,
})

const notifications = (fields: Partial<Notifications> = {}): Notifications => ({
  receivers: [receiver()],
  deliveries: [delivery()],
  mail_from: null,
  ...fields,
})

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'admin' }),
    'GET /notifications': notifications(),
    'GET /threads': [],
    'GET /reports': [],
  })
})

const part = async (name: string) => within(await screen.findByRole('region', { name }))

describe('notifications', () => {
  it('say who is told of what, and each try with what came back', async () => {
    openPage('/admin/notifications')
    const card = within((await part('Receivers')).getByRole('article', { name: 'https://hooks.example/…' }))
    expect(card.getByText(/Told when an iteration is held by the gate or failed/)).toBeVisible()
    expect(card.getByText('1 given up')).toBeVisible()
    expect((await part('Log')).getByText(/500 Internal Server Error · 12 ms/)).toBeVisible()
  })

  it('show the secret of a new webhook once', async () => {
    server.on('POST /notifications/receivers', { receiver: receiver(), secret: 'whsec_abc' })
    const { user } = openPage('/admin/notifications')
    await user.click(await screen.findByRole('button', { name: 'Add a receiver' }))
    await user.type(screen.getByLabelText(/Address of the webhook/), 'https://hooks.example/T0')
    await user.click(screen.getByRole('checkbox', { name: 'deployed' }))
    await user.click(screen.getByRole('button', { name: 'Add a receiver' }))
    expect(await screen.findByText('whsec_abc')).toBeVisible()
    expect(server.bodies('POST /notifications/receivers')).toEqual([
      {
        kind: 'webhook',
        address: 'https://hooks.example/T0',
        events: ['iteration.held', 'iteration.failed'],
      },
    ])
    await user.click(screen.getByRole('button', { name: 'I have copied it' }))
    expect(screen.queryByText('whsec_abc')).not.toBeInTheDocument()
  })

  it('say in one sentence what is wrong with an address', async () => {
    server.on('POST /notifications/receivers', () => problem(422, 'bad-address', 'address: with a host.'))
    const { user } = openPage('/admin/notifications')
    await user.click(await screen.findByRole('button', { name: 'Add a receiver' }))
    await user.type(screen.getByLabelText(/Address of the webhook/), 'https://x')
    await user.click(screen.getByRole('button', { name: 'Add a receiver' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('address: with a host.')
  })

  it('say that mail wants a server first', async () => {
    const { user } = openPage('/admin/notifications')
    await user.click(await screen.findByRole('button', { name: 'Add a receiver' }))
    await user.selectOptions(screen.getByLabelText('By'), 'mail')
    expect(screen.getByText(/the operator sets SMTP_URL/)).toBeVisible()
    expect(screen.getByRole('button', { name: 'Add a receiver' })).toBeDisabled()
  })

  it('are tested, changed, removed and sent again by an admin', async () => {
    server
      .on('POST /notifications/receivers/r1/test', delivery({ event: 'test' }))
      .on('PUT /notifications/receivers/r1', receiver())
      .on('DELETE /notifications/receivers/r1', () => null)
      .on('POST /notifications/deliveries/d1/try-again', delivery({ status: 'waiting' }))
    const { user } = openPage('/admin/notifications')
    await user.click(await screen.findByRole('button', { name: 'Send a test' }))
    await user.click(screen.getByRole('button', { name: 'Send again' }))
    await user.click(screen.getByRole('button', { name: 'Change' }))
    await user.click(screen.getByRole('switch', { name: 'Is told' }))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await user.click(await screen.findByRole('button', { name: 'Remove' }))
    await user.click(screen.getByRole('button', { name: 'Remove https://hooks.example/…' }))
    await waitFor(() => expect(server.bodies('DELETE /notifications/receivers/r1')).toHaveLength(1))
    expect(server.bodies('POST /notifications/receivers/r1/test')).toHaveLength(1)
    expect(server.bodies('POST /notifications/deliveries/d1/try-again')).toHaveLength(1)
    expect(server.bodies('PUT /notifications/receivers/r1')).toEqual([
      { events: ['iteration.held', 'iteration.failed'], active: false },
    ])
  })

  it('are only looked at by a researcher', async () => {
    server.on('GET /session', session({ role: 'researcher' }))
    openPage('/admin/notifications')
    await part('Log')
    expect(screen.queryByRole('button', { name: 'Send again' })).not.toBeInTheDocument()
    expect(screen.queryByRole('button', { name: 'Add a receiver' })).not.toBeInTheDocument()
  })
})
