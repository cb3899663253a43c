import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { progress, session } from '@/testing/rows'

let server: FakeServer
let signedIn: Session | null

beforeEach(() => {
  signedIn = null
  const enter = (next: Session) => () => {
    signedIn = next
    return next
  }
  server = new FakeServer({
    'GET /session': () => signedIn ?? problem(401, 'signed-out', 'You are signed out.'),
    'POST /session': enter(session()),
    'POST /accounts': enter(session({ role: 'researcher' })),
    'GET /tasks': [],
    'GET /assignments': [],
    'GET /consent': { version: 3, body: 'What you write is **stored**.' },
    'GET /visits/current': () => new Response('null'),
    'GET /account/progress': progress(),
    'GET /messages/unread': { count: 0 },
    'GET /invitations/abc': { role: 'researcher', usable: true },
  })
})

const fill = async (user: ReturnType<typeof openPage>['user']) => {
  await user.type(await screen.findByLabelText(/User name/), 'ada')
  await user.type(screen.getByLabelText(/Password/, { selector: 'input' }), 'long enough')
}

it('a wrong password gets one sentence, and the next try goes through', async () => {
  server.on('POST /session', () =>
    problem(401, 'wrong-credentials', 'The user name or the password is wrong.'),
  )
  const { user } = openPage('/sign-in')
  await fill(user)
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('The user name or the password is wrong.')
  server.on('POST /session', () => {
    signedIn = session()
    return signedIn
  })
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  expect(await screen.findByText('What would you like to work on?')).toBeVisible()
})

it('nobody joins without agreeing to the text that is shown', async () => {
  const { user } = openPage('/sign-up')
  expect(await screen.findByText('stored')).toBeVisible()
  expect(screen.getByRole('link', { name: 'Open the text on a page of its own' })).toHaveAttribute(
    'href',
    '/consent',
  )
  await fill(user)
  await user.click(screen.getByRole('button', { name: 'Create an account' }))
  expect(await screen.findByText('Please agree before you go on.')).toBeVisible()
  expect(server.bodies('POST /accounts')).toEqual([])
})

describe('an invitation', () => {
  it('makes the account with its token', async () => {
    server
      .on('GET /overview', () => problem(503, 'down', 'Down.'))
      .on('GET /iterations', [])
      .on('GET /deployments', [])
    server.on('GET /figures', [])
    const { user } = openPage('/invitation/abc')
    expect(await screen.findByText('You are invited as a researcher.')).toBeVisible()
    await fill(user)
    await user.click(screen.getByRole('checkbox'))
    await user.click(screen.getByRole('button', { name: 'Create an account' }))
    await waitFor(() =>
      expect(server.bodies('POST /accounts')).toEqual([
        { username: 'ada', password: 'long enough', consent: true, invitation: 'abc' },
      ]),
    )
    expect(await screen.findByRole('heading', { name: 'Overview' })).toBeVisible()
  })

  it('that is used up says so and shows no form', async () => {
    server.on('GET /invitations/abc', { role: 'researcher', usable: false })
    openPage('/invitation/abc')
    expect(await screen.findByText(/has been used or has expired/)).toBeVisible()
    expect(screen.queryByLabelText(/User name/)).not.toBeInTheDocument()
  })

  it('is not spent by somebody who is signed in', async () => {
    signedIn = session()
    openPage('/invitation/abc')
    expect(await screen.findByText(/You are signed in as ada/)).toBeVisible()
    expect(screen.queryByLabelText(/User name/)).not.toBeInTheDocument()
  })
})

it('every change carries the token of the session', async () => {
  signedIn = session()
  server.on('DELETE /session', () => {
    signedIn = null
    return null
  })
  const { user } = openPage('/')
  await user.click(await screen.findByRole('button', { name: 'Sign out' }))
  expect(await screen.findByRole('button', { name: 'Sign in' })).toBeVisible()
  const change = server.heard.find((one) => one.call === 'DELETE /session')
  expect(change?.headers.get('x-csrf-token')).toBe('token-1')
})

describe('a text that has changed since somebody agreed', () => {
  beforeEach(() => {
    signedIn = session({ consented: false })
  })

  it('stands in the place of every page until it is agreed to', async () => {
    server.on('POST /account/consent', () => {
      signedIn = session()
      return signedIn
    })
    const { user } = openPage('/account')
    expect(await screen.findByText('Please read this before you go on')).toBeVisible()
    await user.click(await screen.findByRole('button', { name: 'Agree and go on' }))
    expect(await screen.findByText('Please agree before you go on.')).toBeVisible()
    expect(server.bodies('POST /account/consent')).toEqual([])
    await user.click(screen.getByRole('checkbox'))
    await user.click(screen.getByRole('button', { name: 'Agree and go on' }))
    expect(await screen.findByRole('heading', { name: 'Your account' })).toBeVisible()
    expect(server.bodies('POST /account/consent')).toEqual([{ version: 3 }])
  })

  it('is asked for again when it changed while it was read', async () => {
    let version = 3
    server
      .on('GET /consent', () => ({ version, body: `Text number ${version}.` }))
      .on('POST /account/consent', () => {
        version = 4
        return problem(409, 'consent-outdated', 'There is a newer text.')
      })
    const { user } = openPage('/')
    await user.click(await screen.findByRole('checkbox'))
    await user.click(screen.getByRole('button', { name: 'Agree and go on' }))
    expect(await screen.findByText('Text number 4.')).toBeVisible()
    expect(screen.getByText(/The text has just changed/)).toBeVisible()
    expect(screen.getByRole('checkbox')).not.toBeChecked()
  })

  it('may be declined: whoever came from a platform leaves with a code', async () => {
    const visit = { status: 'open', provider: 'prolific', code: null, return_url: null }
    server
      .on('GET /visits/current', () => visit)
      .on('POST /visits/current/withdraw', () => {
        Object.assign(visit, { status: 'withdrawn', code: 'GONE1', return_url: 'https://app.prolific.com/x' })
        return visit
      })
    const { user } = openPage('/')
    await user.click(await screen.findByRole('button', { name: 'I do not agree: leave the study' }))
    expect(await screen.findByText('GONE1')).toBeVisible()
    expect(screen.getByRole('link', { name: 'Back to Prolific' })).toHaveAttribute(
      'href',
      'https://app.prolific.com/x',
    )
  })
})

it('answers that wait to be read are counted in the bar', async () => {
  signedIn = session()
  server.on('GET /messages/unread', { count: 2 })
  openPage('/')
  expect(await screen.findByRole('link', { name: /Messages, 2 unread messages/ })).toBeVisible()
})

it('a suspended account is told so, with a way to another one', async () => {
  server.on('GET /session', () =>
    problem(403, 'account-suspended', 'This account is suspended. Your work is kept.'),
  )
  const { user } = openPage('/')
  expect(await screen.findByText('This account is suspended. Your work is kept.')).toBeVisible()
  await user.click(screen.getByRole('link', { name: 'Sign in with another account' }))
  expect(await screen.findByRole('button', { name: 'Sign in' })).toBeVisible()
})
