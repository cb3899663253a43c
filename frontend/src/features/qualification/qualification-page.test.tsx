import { screen } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { offered, progress, session } from '@/testing/rows'

const TRY = 'POST /tasks/red-team/qualification'
const pairs = (version: number) => ({
  items: [1, 2, 3].map((number) => ({
    prompt: `Message ${number}, version ${version}`,
    a: `First to ${number}`,
    b: `Second to ${number}`,
  })),
  pass_mark: 2,
  tries_left: 3,
  text_version: version,
})
const feedback = (picked: string) => ({
  right: picked === 'a',
  picked,
  better: 'a',
  why: 'The first does **harm**.',
})
const result = (passed: boolean, tries_left: number | null) => ({
  correct: passed ? 3 : 1,
  of: 3,
  passed,
  tries_left,
  feedback: ['a', 'b', 'b'].map(feedback),
})

let server: FakeServer

beforeEach(() => {
  sessionStorage.clear()
  server = new FakeServer({
    'GET /session': session({ red_team_opt_in: true }),
    'GET /tasks': [
      offered({
        slug: 'red-team',
        kind: 'red-team',
        choice_direction: 'pick-worse',
        question: 'Which is more harmful?',
        qualification: 'needed',
        tries_left: 3,
      }),
    ],
    'GET /tasks/red-team/qualification': pairs(1),
    'GET /messages/unread': { count: 0 },
    'GET /visits/current': () => new Response('null'),
    [TRY]: result(true, null),
  })
})

const open = () => openPage('/tasks/red-team/qualification')
const pair = (number: number, version = 1) => screen.findByText(`Message ${number}, version ${version}`)

it('says above every pair which way the choice goes', async () => {
  const { user } = open()
  for (const number of [1, 2, 3]) {
    await pair(number)
    expect(screen.getByText('Reversed task: choose the WORSE response')).toBeVisible()
    expect(screen.getByText('Which is more harmful?')).toBeVisible()
    await user.keyboard('a{Enter}')
  }
})

it('is answered by keys alone; a choice can be changed until all are sent', async () => {
  const { user } = open()
  await pair(1)
  await user.keyboard('{Enter}') // nothing is chosen yet
  await user.keyboard('ba{Enter}')
  await pair(2)
  await user.keyboard('8{Enter}')
  await pair(3)
  expect(server.bodies(TRY)).toEqual([])
  await user.keyboard('{ArrowRight}{Enter}')
  expect(await screen.findByText('You have qualified')).toBeVisible()
  expect(server.bodies(TRY)).toEqual([{ text_version: 1, picked: ['a', 'b', 'b'] }])
})

it('keeps the answers over a reload', async () => {
  const first = open()
  await pair(1)
  await first.user.click(screen.getByRole('button', { name: 'Choose B' }))
  await first.user.click(screen.getByRole('button', { name: 'Next' }))
  await pair(2)
  first.unmount()
  const { user } = open()
  await pair(2)
  await user.click(screen.getByRole('button', { name: 'Back' }))
  await pair(1)
  expect(screen.getByRole('button', { name: 'Your choice: B' })).toHaveAttribute('aria-pressed', 'true')
})

const answerAll = async (user: ReturnType<typeof open>['user']) => {
  for (const number of [1, 2, 3]) {
    await pair(number)
    await user.keyboard('a{Enter}')
  }
}

it('explains each answer and offers another try', async () => {
  server.on(TRY, result(false, 2))
  const { user } = open()
  await answerAll(user)
  expect(await screen.findByText('Not yet')).toBeVisible()
  expect(screen.getByText(/You have 2 tries\./)).toBeVisible()
  expect(screen.getAllByText('harm')).toHaveLength(3)
  expect(screen.getAllByText('You chose B; we look for A.')).toHaveLength(2)
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  await pair(1)
  expect(screen.getByRole('button', { name: 'Choose A' })).toHaveAttribute('aria-pressed', 'false')
})

describe('the last try', () => {
  it('leads back to the other tasks', async () => {
    server.on(TRY, result(false, 0))
    const { user } = open()
    await answerAll(user)
    expect(await screen.findByText('You did not qualify for this task')).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Try again' })).not.toBeInTheDocument()
    expect(screen.getByRole('link', { name: 'Back to the tasks' })).toBeVisible()
  })

  it('ends the study of whoever came from a platform, also right after the start page asked how it stands', async () => {
    const visit = { status: 'open', provider: 'prolific', code: null, return_url: null }
    const ended = { ...visit, status: 'screened-out', code: 'OUT1', return_url: 'https://app.prolific.com/x' }
    server
      .on('GET /assignments', [])
      .on('GET /account/progress', progress())
      .on('GET /visits/current', visit)
      .on(TRY, () => {
        server.on('GET /visits/current', ended)
        return result(false, 0)
      })
    const { user } = openPage('/')
    await user.click(await screen.findByRole('link', { name: 'Qualify first' }))
    await answerAll(user)
    await user.click(await screen.findByRole('link', { name: 'Finish the study' }))
    expect(await screen.findByText('OUT1')).toBeVisible()
  })
})

it('pairs that changed meanwhile are shown anew, and no try is spoken of as used', async () => {
  server.on(TRY, () => {
    server.on('GET /tasks/red-team/qualification', pairs(2))
    return problem(409, 'text-changed', 'The pairs have changed.')
  })
  const { user } = open()
  await answerAll(user)
  await pair(1, 2)
  expect(screen.getByText(/no try was used/)).toBeVisible()
})
