import { fireEvent, screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ChatServer, SEND } from '@/testing/chat-server'
import { FakeStream } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { writing } from '@/testing/rows'

let server: ChatServer

beforeEach(() => {
  server = new ChatServer([])
  server.on(SEND, () => writing()).on('GET /turns/t1/events', () => new FakeStream().response)
})

const box = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Your message' })
const sent = () => server.bodies(SEND) as { text: string }[]

describe('a message that may tell who somebody is', () => {
  const TEXT = 'Write to ada@mail.org, or call +44 20 7946 0958.'

  it('waits for the writer, who may mend it', async () => {
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), TEXT)
    await user.keyboard('{Control>}{Enter}{/Control}')
    expect(await screen.findByText('an e-mail address: ada@mail.org')).toBeVisible()
    expect(screen.getByText('a phone number: +44 20 7946 0958')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Edit the message' }))
    expect(await box()).toHaveFocus()
    expect(screen.queryByText('Is this private?')).not.toBeInTheDocument()
    await user.clear(await box())
    await user.type(await box(), 'Write to a friend.{Control>}{Enter}{/Control}')
    await waitFor(() => expect(sent()).toHaveLength(1))
    expect(sent()[0]).toMatchObject({ text: 'Write to a friend.' })
    expect(sent()[0]).not.toHaveProperty('private_kinds')
  })

  it('or send it all the same, which is told with it', async () => {
    const { user } = openPage('/assignments/as1')
    await user.type(await box(), TEXT)
    await user.click(screen.getByRole('button', { name: 'Send' }))
    expect(sent()).toEqual([])
    await user.click(await screen.findByRole('button', { name: /send it/ }))
    await waitFor(() => expect(sent()).toHaveLength(1))
    expect(sent()[0]).toMatchObject({ text: TEXT, private_kinds: ['email', 'phone'] })
  })
})

describe('what was pasted', () => {
  it('is counted beside what was typed, never more than there is', async () => {
    const { user } = openPage('/assignments/as1')
    await user.click(await box())
    await user.paste('a long text from elsewhere')
    await user.keyboard(' and mine{Control>}{Enter}{/Control}')
    await waitFor(() => expect(sent()).toHaveLength(1))
    expect(sent()[0]).toMatchObject({ pasted_characters: 'a long text from elsewhere'.length })
  })

  it('is forgotten with an emptied box, and not told where nothing was', async () => {
    const { user } = openPage('/assignments/as1')
    await user.click(await box())
    await user.paste('elsewhere')
    await user.clear(await box())
    await user.keyboard('mine{Control>}{Enter}{/Control}')
    await waitFor(() => expect(sent()).toHaveLength(1))
    expect(sent()[0]).not.toHaveProperty('pasted_characters')
  })
})

it('who sits before an empty box for a while is told what others talk about, and nothing is written for them', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true })
  openPage('/assignments/as1')
  const field = await box()
  expect(screen.queryByText(/No idea/)).not.toBeInTheDocument()
  vi.advanceTimersByTime(16_000)
  expect(await screen.findByText(/No idea/)).toBeVisible()
  expect(field).toHaveValue('')
  fireEvent.change(field, { target: { value: 'A' } })
  expect(screen.queryByText(/No idea/)).not.toBeInTheDocument()
  vi.useRealTimers()
})

it('a Hangul syllable that is being composed is not sent', async () => {
  openPage('/assignments/as1')
  fireEvent.change(await box(), { target: { value: '안녕' } })
  fireEvent.keyDown(await box(), { key: 'Enter', ctrlKey: true, isComposing: true })
  fireEvent.keyDown(await box(), { key: 'Process', ctrlKey: true, keyCode: 229 })
  expect(sent()).toEqual([])
})
