import { screen, waitFor } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import { loadWords } from '@/i18n/language'
import { ChatServer } from '@/testing/chat-server'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session, turn } from '@/testing/rows'

beforeEach(async () => {
  await Promise.all((['shared', 'accounts', 'tasks', 'chat'] as const).map((area) => loadWords('ko', area)))
  new FakeServer({ 'GET /session': session(), 'GET /tasks': [], 'GET /assignments': [] })
})

const speaking = (...languages: string[]) =>
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages)

it('the page speaks the first language of the browser that it knows', async () => {
  speaking('fr-FR', 'ko-KR', 'en')
  openPage('/')
  expect(await screen.findByText('어떤 과제를 하시겠어요?')).toBeVisible()
  expect(document.documentElement).toHaveAttribute('lang', 'ko')
  expect(document.documentElement).toHaveAttribute('dir', 'ltr')
})

it('speaks English to whom it knows no better', async () => {
  speaking('fr-FR')
  openPage('/')
  expect(await screen.findByText('What would you like to work on?')).toBeVisible()
  expect(document.documentElement).toHaveAttribute('lang', 'en')
})

it('what the server refuses is said in the language of the page', async () => {
  speaking('ko')
  new FakeServer({
    'GET /session': () => problem(403, 'account-suspended', 'This account is suspended.'),
  })
  openPage('/')
  expect(await screen.findByText(/정지된 계정입니다/)).toBeVisible()
})

it('that no response arrived is said in the language of the page', async () => {
  speaking('ko')
  new ChatServer([turn({ status: 'failed', error: 'The policy did not answer.', changeable: false })])
  openPage('/assignments/as1')
  expect(await screen.findByText(/답변이 도착하지 않았습니다/)).toBeVisible()
})

it('another language can be chosen, and is remembered', async () => {
  speaking('en')
  const { user, unmount } = openPage('/')
  await user.click(await screen.findByRole('button', { name: 'Language and appearance' }))
  await user.click(await screen.findByRole('radio', { name: '한국어' }))
  expect(await screen.findByText('어떤 과제를 하시겠어요?')).toBeVisible()
  expect(document.documentElement).toHaveAttribute('lang', 'ko')
  unmount()
  openPage('/')
  expect(await screen.findByText('어떤 과제를 하시겠어요?')).toBeVisible()
  await waitFor(() => expect(document.documentElement).toHaveAttribute('lang', 'ko'))
})
