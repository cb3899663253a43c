import { screen, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import type { AuditEntry } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const entry = (fields: Partial<AuditEntry> = {}): AuditEntry => ({
  id: 9,
  at: '2026-11-24T08:00:00Z',
  person: 'rosa',
  action: 'change-task',
  subject: { key: 'task:helpfulness', kind: 'task', id: 'helpfulness', name: null },
  reason: null,
  changes: [{ field: 'pass_mark', before: '4', after: '5', lines: null }],
  has_texts: false,
  ...fields,
})

let server: FakeServer
let asked: Record<string, string>[]

beforeEach(() => {
  asked = []
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /threads': [],
    'GET /reports': [],
    'GET /audit/filters': { people: ['rosa', 'sam'], actions: ['change-task', 'deploy'] },
  })
})

function answerWith(...pages: { events: AuditEntry[]; next: number | null }[]) {
  server.on('GET /audit', ({ url }: { url: URL }) => {
    asked.push(Object.fromEntries(url.searchParams))
    return pages[Math.min(asked.length, pages.length) - 1] as object
  })
}

it('says who changed what, from what to what, why, and where it is', async () => {
  answerWith({ events: [entry({ reason: 'Too easy.' })], next: null })
  openPage('/admin/audit')
  const line = within(await screen.findByRole('listitem'))
  expect(line.getByText('rosa')).toBeVisible()
  expect(line.getByText('right answers that qualify')).toBeVisible()
  expect(line.getByText('4').tagName).toBe('DEL')
  expect(line.getByText('5').tagName).toBe('INS')
  expect(line.getByText('Too easy.')).toBeVisible()
  expect(line.getByRole('link', { name: 'task helpfulness' })).toHaveAttribute(
    'href',
    '/admin/texts/helpfulness',
  )
})

it('asks for long texts only when somebody wants to see them', async () => {
  answerWith({ events: [entry({ action: 'publish-text', has_texts: true })], next: null })
  server.on(
    'GET /audit/9',
    entry({
      changes: [
        {
          field: 'instructions',
          before: null,
          after: null,
          lines: [
            { kind: 'skipped', text: '12' },
            { kind: 'removed', text: 'Be nice.' },
            { kind: 'added', text: 'Be kind.' },
          ],
        },
      ],
    }),
  )
  const { user } = openPage('/admin/audit')
  const more = await screen.findByText('Show what changed in the texts')
  expect(server.bodies('GET /audit/9')).toEqual([])
  await user.click(more)
  expect(await screen.findByText('Be kind.')).toBeVisible()
  expect(screen.getByText('Be nice.').closest('li')).toHaveTextContent('removed:')
  expect(screen.getByText('12 lines as before')).toBeVisible()
})

it('keeps its filters in the address and hands them to the file', async () => {
  answerWith({ events: [], next: null })
  const { user } = openPage('/admin/audit?subject=task%3Ahelpfulness')
  expect(await screen.findByText('No change is like that.')).toBeVisible()
  await screen.findByRole('option', { name: 'sam' })
  await user.selectOptions(screen.getByLabelText('Person'), 'sam')
  expect(await screen.findByText('No change is like that.')).toBeVisible()
  expect(asked).toEqual([{ subject: 'task:helpfulness' }, { subject: 'task:helpfulness', person: 'sam' }])
  expect(screen.getByLabelText('Thing')).toHaveDisplayValue('task:helpfulness')
  expect(screen.getByRole('link', { name: 'Download as CSV' })).toHaveAttribute(
    'href',
    '/api/v1/audit/csv?person=sam&subject=task%3Ahelpfulness',
  )
})

it('goes on with older changes', async () => {
  answerWith(
    { events: [entry()], next: 9 },
    { events: [entry({ id: 3, person: null, action: 'deploy' })], next: null },
  )
  const { user } = openPage('/admin/audit')
  await user.click(await screen.findByRole('button', { name: 'Show older ones' }))
  expect(await screen.findByText('Turnwise', { selector: 'strong' })).toBeVisible()
  expect(asked[1]).toEqual({ before: '9' })
  expect(screen.queryByRole('button', { name: 'Show older ones' })).not.toBeInTheDocument()
})
