import { fireEvent, screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Message } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const at = '2026-11-24T08:00:00Z'
const answer: Message = {
  id: 'm1',
  mine: false,
  author: 'researchers',
  text: 'Thank you for asking.',
  turn_id: null,
  created_at: at,
  read: false,
}
let server: FakeServer
let thread: Message[]

beforeEach(() => {
  thread = [answer]
  server = new FakeServer({
    'GET /session': session(),
    'GET /messages/unread': { count: 1 },
    'GET /messages': () => thread,
    'POST /messages': ({ body }: { body: unknown }) => {
      const { text } = body as { text: string }
      thread = [...thread, { ...answer, id: 'm2', mine: true, author: 'you', text }]
      return thread.at(-1) as Message
    },
  })
})

const box = () => screen.findByRole('textbox', { name: 'Your message to the researchers' })

describe('a crowdworker', () => {
  it('reads what is new, and then it is read', async () => {
    openPage('/messages')
    expect(await screen.findByText('Thank you for asking.')).toBeVisible()
    expect(screen.getByText('New')).toBeVisible()
    await waitFor(() => expect(screen.getByRole('link', { name: 'Messages' })).toBeVisible())
  })

  it('writes with Ctrl+Enter; the field is empty once it has arrived', async () => {
    const { user } = openPage('/messages')
    await user.type(await box(), 'Is it me?')
    await user.keyboard('{Control>}{Enter}{/Control}')
    expect(await screen.findByText('Is it me?', { selector: 'li *' })).toBeVisible()
    expect(await box()).toHaveValue('')
    expect(server.bodies('POST /messages')).toEqual([{ text: 'Is it me?' }])
  })

  it('loses nothing when it is refused, nor over a reload', async () => {
    server.on('POST /messages', () => problem(422, 'invalid', 'A message may have 20,000 characters.'))
    const first = openPage('/messages')
    await first.user.type(await box(), 'Long')
    await first.user.click(screen.getByRole('button', { name: 'Send' }))
    expect(await screen.findByText('A message may have 20,000 characters.')).toBeVisible()
    expect(await box()).toHaveValue('Long')
    first.unmount()
    openPage('/messages')
    expect(await box()).toHaveValue('Long')
  })

  it('does not send while an input method is composing', async () => {
    const { user } = openPage('/messages')
    await user.type(await box(), '안녕')
    fireEvent.keyDown(await box(), { key: 'Enter', ctrlKey: true, isComposing: true })
    expect(server.bodies('POST /messages')).toEqual([])
  })
})

describe('a researcher', () => {
  beforeEach(() => {
    server
      .on('GET /session', session({ role: 'researcher' }))
      .on('GET /threads', [
        {
          account_id: 'p1',
          username: 'bob',
          unread: 2,
          last_at: at,
          last_text: 'It made up a book.',
          last_from_crowdworker: true,
        },
      ])
      .on('GET /threads/p1', {
        account_id: 'p1',
        username: 'bob',
        messages: [
          {
            id: 'm1',
            mine: false,
            author: 'bob',
            from_crowdworker: true,
            text: 'It made up a book.',
            about: {
              turn_id: 't1',
              conversation_id: 'c1',
              human: 'A book for my niece?',
              candidates: [{ shown: 'a', text: 'Read *The Invented*.' }],
            },
            created_at: at,
            read: false,
          },
        ],
      })
  })

  it('finds the thread, reads what it is about and answers', async () => {
    server.on('POST /threads/p1', {})
    const { user } = openPage('/admin/inbox')
    expect(await screen.findByText('2 unread')).toBeVisible()
    await user.click(screen.getByRole('link', { name: /bob/ }))
    await user.click(await screen.findByText('About this turn'))
    expect(screen.getByText('A book for my niece?')).toBeVisible()
    await user.type(screen.getByRole('textbox', { name: 'Your answer' }), 'Well spotted.')
    await user.click(screen.getByRole('button', { name: 'Send' }))
    await waitFor(() => expect(server.bodies('POST /threads/p1')).toEqual([{ text: 'Well spotted.' }]))
  })

  it('handles a report', async () => {
    let handled_at: string | null = null
    const report = () => ({
      id: 'r1',
      reason: 'privacy',
      comment: 'My own number!',
      reported_by: 'bob',
      created_at: at,
      task: 'helpfulness',
      conversation_id: 'c1',
      turn_id: 't1',
      human: 'Hello',
      shown: 'b',
      text: 'Call 555.',
      handled_by: handled_at && 'ada',
      handled_at,
    })
    server
      .on('GET /reports', () => [report()])
      .on('POST /reports/r1/handled', () => {
        handled_at = at
        return report()
      })
    const { user } = openPage('/admin/inbox/reports')
    expect(await screen.findByText('1 report to look at')).toBeVisible()
    expect(screen.getByText('Private things about a person')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Mark as handled' }))
    expect(await screen.findByText('All reports are handled.')).toBeVisible()
  })
})
