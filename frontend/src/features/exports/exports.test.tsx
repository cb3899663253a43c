import { screen, within } from '@testing-library/react'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { Export } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { iteration, session } from '@/testing/rows'

const row = (fields: Partial<Export> = {}): Export => ({
  id: 'e1',
  format: 'hh',
  task: null,
  tranche: null,
  iteration: null,
  status: 'done',
  reason: null,
  asked_by: 'rosa',
  asked_at: new Date().toISOString(),
  started_at: null,
  finished_at: null,
  expires_at: '2026-12-06T08:00:00Z',
  rows_done: 1200,
  rows_total: 1200,
  bytes: 4_560_000,
  sha256: 'ab12',
  file_name: 'turnwise-all-hh.jsonl.gz',
  allowed: true,
  ...fields,
})

let server: FakeServer

beforeAll(async () => {
  await Promise.all([import('@/other-routes'), import('@/admin-routes')])
}, 120_000)

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher', red_team_opt_in: true }),
    'GET /threads': [],
    'GET /reports': [],
    'GET /exports': [],
    'GET /exports/formats': [{ name: 'hh', words: 'The published HH format.', suffix: '.jsonl.gz' }],
    'GET /tranches': [{ name: '2026-w48-base' }, { name: '2026-w47-base' }],
    'GET /iterations/timeline': {
      weeks: [iteration(), iteration({ id: 'it0', name: '2026-w47', status: 'skipped' })],
      next: null,
      count: 2,
    },
    'POST /exports': row({ status: 'waiting' }),
  })
})

it('asks for the tranche that the address names, of both tasks', async () => {
  const { user } = openPage('/admin/exports?tranche=2026-w48-base')
  await user.click(await screen.findByRole('button', { name: 'Write the file' }))
  expect(server.bodies('POST /exports')).toEqual([
    { format: 'hh', task: null, tranche: '2026-w48-base', iteration: null },
  ])
})

it('asks for what an iteration trained on, of one task', async () => {
  const { user } = openPage('/admin/exports')
  await screen.findByText('The published HH format.')
  await user.selectOptions(
    screen.getByLabelText('What'),
    await screen.findByRole('option', { name: '2026-w48' }),
  )
  await user.selectOptions(screen.getByLabelText('Task'), 'red-team')
  await user.click(screen.getByRole('button', { name: 'Write the file' }))
  expect(server.bodies('POST /exports')).toEqual([
    { format: 'hh', task: 'red-team', tranche: null, iteration: 'it1' },
  ])
  expect(screen.queryByRole('option', { name: '2026-w47' }), 'it was skipped').toBeNull()
})

it('offers helpfulness alone to who has not agreed to the warning', async () => {
  server.on('GET /session', session({ role: 'researcher' }))
  openPage('/admin/exports')
  expect(await screen.findByText(/agree to the warning/)).toBeVisible()
  expect(screen.getByLabelText('Task')).toHaveValue('helpfulness')
  expect(screen.getByRole('option', { name: 'Red-teaming' })).toBeDisabled()
})

it('shows how far one is, and gives out those that are done', async () => {
  server.on('GET /exports', [
    row({ id: 'e2', status: 'running', rows_done: 300, tranche: '2026-w48-base' }),
    row(),
    row({ id: 'e0', allowed: false }),
  ])
  openPage('/admin/exports')
  const [running, done, kept] = await screen.findAllByRole('listitem')
  const of = (item?: HTMLElement) => within(item as HTMLElement)
  expect(of(running).getByRole('progressbar')).toHaveAttribute('aria-valuenow', '25')
  expect(of(running).getByText('300 of 1,200 comparisons')).toBeVisible()
  expect(of(done).getByText(/1,200 comparisons, 4.56 MB/)).toBeVisible()
  expect(of(done).getByRole('link', { name: /Download turnwise-all/ })).toHaveAttribute(
    'href',
    '/api/v1/exports/e1/file',
  )
  expect(of(kept).queryByRole('link')).toBeNull()
  expect(of(kept).getByText(/agree to the warning/)).toBeVisible()
})

it('cancels one that is being made, and deletes a file after a question', async () => {
  server.on('GET /exports', [row({ id: 'e2', status: 'waiting' }), row()])
  server.on('POST /exports/e2/cancel', row({ id: 'e2', status: 'cancelled' }))
  server.on('DELETE /exports/e1/file', row({ status: 'deleted' }))
  const { user } = openPage('/admin/exports')
  await user.click(await screen.findByRole('button', { name: 'Cancel' }))
  await user.click(screen.getByRole('button', { name: 'Delete' }))
  await user.click(screen.getByRole('button', { name: 'Delete this file' }))
  expect(server.bodies('POST /exports/e2/cancel')).toHaveLength(1)
  expect(server.bodies('DELETE /exports/e1/file')).toHaveLength(1)
})

it('says in one sentence why one failed, and why a wish was refused', async () => {
  server.on('GET /exports', [row({ status: 'failed', reason: 'The file could not be written: No space.' })])
  server.on('POST /exports', problem(404, 'unknown-tranche', 'There is no tranche “x”.'))
  const { user } = openPage('/admin/exports')
  expect(await screen.findByText('The file could not be written: No space.')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Write the file' }))
  expect(await screen.findByText('There is no tranche “x”.')).toBeVisible()
})
