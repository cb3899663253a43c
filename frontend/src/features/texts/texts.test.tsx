import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TaskText } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { assignment, conversation, offered, session } from '@/testing/rows'

const text = (version: number, fields: Partial<TaskText> = {}): TaskText => ({
  version,
  title: `Title ${version}`,
  question: 'Which is better?',
  instructions: 'Be **kind**.',
  guide: '',
  qualification: [],
  created_at: '2026-11-24T08:00:00Z',
  created_by: null,
  ...fields,
})
const PUBLISH = 'POST /tasks/helpfulness/texts'

let server: FakeServer
let versions: TaskText[]

beforeEach(() => {
  versions = [text(2), text(1)]
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /tasks': [offered()],
    'GET /tasks/helpfulness/texts': () => versions,
    'GET /tasks/helpfulness': {
      pass_mark: 4,
      qualification_tries: 3,
      pay_cents: 750,
      currency: 'USD',
      assignments_per_day: null,
      assignments_per_person: null,
      active: true,
      max_turns: 4,
      conversations_per_assignment: 5,
      pair_scope: 'conversation',
      max_tokens: 128,
      temperature: 1,
      version: 7,
    },
    'GET /audit': { events: [], next: null },
    [PUBLISH]: ({ body }: { body: unknown }) => {
      versions = [text(versions.length + 1, { ...(body as TaskText), created_by: 'ada' }), ...versions]
      return versions[0] as TaskText
    },
  })
})

const field = (name: string) => screen.findByRole('textbox', { name })

describe('the editor', () => {
  it('shows the Markdown as it is typed, and publishes the next version', async () => {
    const { user } = openPage('/admin/texts')
    await user.clear(await field('Instructions'))
    await user.type(await field('Instructions'), 'Be *brave*.')
    const preview = within(screen.getByRole('group', { name: 'Instructions: As it will look' }))
    expect((await preview.findByText('brave')).tagName).toBe('EM')
    await user.click(screen.getByRole('button', { name: 'Publish version 3' }))
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Publish version 3' }))
    expect(await screen.findByText('Version 3 is published.')).toBeVisible()
    expect(server.bodies(PUBLISH)).toEqual([
      {
        title: 'Title 2',
        question: 'Which is better?',
        instructions: 'Be *brave*.',
        guide: '',
        qualification: [],
        based_on: 2,
      },
    ])
    expect(screen.getByRole('button', { name: 'Publish version 4' })).toBeDisabled()
  })

  it('keeps changes over a reload, and says so when somebody else was faster', async () => {
    const first = openPage('/admin/texts/helpfulness')
    await first.user.type(await field('Title'), ' more')
    first.unmount()
    versions = [text(3, { created_by: 'bob' }), ...versions]
    const { user } = openPage('/admin/texts/helpfulness')
    expect(await field('Title')).toHaveValue('Title 2 more')
    expect(screen.getByText(/Version 3 was published after you began/)).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Discard the changes' }))
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Discard the changes' }))
    expect(await field('Title')).toHaveValue('Title 3')
  })

  it('makes, orders and removes worked pairs', async () => {
    versions = [
      text(1, {
        qualification: [1, 2].map((n) => ({
          prompt: `P${n}`,
          a: `A${n}`,
          b: `B${n}`,
          picked: 'a',
          why: `W${n}`,
        })),
      }),
    ]
    const { user } = openPage('/admin/texts/helpfulness')
    await user.click(await screen.findByText('Pair 2'))
    await user.click(screen.getByRole('button', { name: 'Move pair 2 up' }))
    await user.click(screen.getByText('Pair 1'))
    const [first] = screen.getAllByRole('article')
    await user.click(within(first as HTMLElement).getByRole('radio', { name: 'B' }))
    await user.click(screen.getByRole('button', { name: 'Remove pair 2' }))
    await user.click(screen.getByRole('button', { name: 'Publish version 2' }))
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Publish version 2' }))
    await waitFor(() => expect(server.bodies(PUBLISH)).toHaveLength(1))
    expect(server.bodies(PUBLISH)[0]).toMatchObject({
      qualification: [{ prompt: 'P2', a: 'A2', b: 'B2', picked: 'b', why: 'W2' }],
    })
  })

  it('takes up an earlier version', async () => {
    const { user } = openPage('/admin/texts/helpfulness')
    await user.click(await screen.findByText(/^Version 1/))
    await user.click(screen.getByRole('button', { name: 'Go on from this one' }))
    expect(await field('Title')).toHaveValue('Title 1')
  })

  it('opens the chat as crowdworkers have it, where nothing counts', async () => {
    server
      .on('POST /assignments', assignment())
      .on('GET /assignments/as1', assignment())
      .on('GET /conversations/c1', conversation({ preview: true }))
      .on('GET /messages/unread', { count: 0 })
    const { user } = openPage('/admin/texts/helpfulness')
    await user.click(await screen.findByRole('button', { name: 'Preview as a crowdworker' }))
    expect(await screen.findByText(/nothing of this conversation counts/)).toBeVisible()
  })
})

it('settings are saved with money in its smallest unit', async () => {
  server.on('PUT /tasks/helpfulness', ({ body }: { body: unknown }) => body as object)
  const { user } = openPage('/admin/texts/helpfulness')
  const pay = await screen.findByLabelText(/Pay for a whole assignment/)
  expect(pay).toHaveValue(7.5)
  await user.clear(pay)
  await user.type(pay, '4500')
  await user.clear(screen.getByLabelText(/Currency/))
  await user.type(screen.getByLabelText(/Currency/), 'krw')
  await user.type(screen.getByLabelText(/Assignments a day/), '6')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  expect(await screen.findByText('Saved.')).toBeVisible()
  expect(server.bodies('PUT /tasks/helpfulness')).toEqual([
    {
      pass_mark: 4,
      qualification_tries: 3,
      pay_cents: 4500,
      currency: 'KRW',
      assignments_per_day: 6,
      assignments_per_person: null,
      active: true,
      max_turns: 4,
      conversations_per_assignment: 5,
      pair_scope: 'conversation',
      max_tokens: 128,
      temperature: 1,
      version: 7,
    },
  ])
})

it('a setting that is refused says why', async () => {
  server.on('PUT /tasks/helpfulness', () =>
    problem(422, 'pass-mark-too-high', 'Nobody could pass: there are 2 pairs.'),
  )
  const { user } = openPage('/admin/texts/helpfulness')
  await user.click(await screen.findByRole('button', { name: 'Save' }))
  expect(await screen.findByText('Nobody could pass: there are 2 pairs.')).toBeVisible()
})

it('a new consent text is published only after one more question', async () => {
  server
    .on('GET /consent', { version: 1, body: 'Old.' })
    .on('POST /consent', ({ body }: { body: unknown }) => ({ version: 2, ...(body as object) }))
  const { user } = openPage('/admin/consent')
  await user.type(await field('Text'), ' And new.')
  await user.click(screen.getByRole('button', { name: 'Publish a new version' }))
  expect(server.bodies('POST /consent')).toEqual([])
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Publish a new version' }))
  expect(await screen.findByText('Version 2 is shown now.')).toBeVisible()
  expect(server.bodies('POST /consent')).toEqual([{ body: 'Old. And new.', based_on: 1 }])
})

it('a consent text that somebody else has replaced is said, and what was typed stays', async () => {
  let version = 1
  server
    .on('GET /consent', () => ({ version, body: `Text ${version}.` }))
    .on('POST /consent', () => {
      version = 2
      return problem(409, 'consent-outdated', 'Version 2 was published meanwhile.')
    })
  const { user } = openPage('/admin/consent')
  await user.type(await field('Text'), ' More.')
  await user.click(screen.getByRole('button', { name: 'Publish a new version' }))
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Publish a new version' }))
  expect(await screen.findByText(/Version 2 was published after you began/)).toBeVisible()
  expect(await field('Text')).toHaveValue('Text 1. More.')
  await user.click(screen.getByRole('button', { name: /Show what is there now/ }))
  expect(await field('Text')).toHaveValue('Text 2.')
})

it('settings that somebody else changed meanwhile are said, and can be looked at', async () => {
  server.on('PUT /tasks/helpfulness', () =>
    problem(409, 'changed-meanwhile', 'sam changed these settings meanwhile.'),
  )
  const { user } = openPage('/admin/texts/helpfulness')
  await user.type(await screen.findByLabelText(/Assignments in all/), '3')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  expect(await screen.findByText('sam changed these settings meanwhile.')).toBeVisible()
  expect(screen.getByLabelText(/Assignments in all/)).toHaveValue(3)
  await user.click(screen.getByRole('button', { name: /Show what is there now/ }))
  await waitFor(() => expect(screen.getByLabelText(/Assignments in all/)).toHaveValue(null))
})

it('says who changed the settings last, and what', async () => {
  server.on('GET /audit', {
    events: [
      {
        id: 7,
        at: '2026-11-24T08:00:00Z',
        person: 'sam',
        action: 'change-task',
        subject: { key: 'task:helpfulness', kind: 'task', id: 'helpfulness', name: null },
        reason: null,
        changes: [{ field: 'pass_mark', before: '3', after: '4', lines: null }],
        has_texts: false,
      },
    ],
    next: null,
  })
  const { user } = openPage('/admin/texts/helpfulness')
  await user.click(await screen.findByText(/^Last changed by sam on/))
  expect(screen.getByText('3').tagName).toBe('DEL')
  expect(screen.getByRole('link', { name: 'All of them in the audit log' })).toHaveAttribute(
    'href',
    '/admin/audit?subject=task%3Ahelpfulness&action=change-task',
  )
})
