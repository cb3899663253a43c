import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Session } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

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

it('nobody joins without agreeing', async () => {
  const { user } = openPage('/sign-up')
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
