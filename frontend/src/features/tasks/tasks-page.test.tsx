import { screen, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { assignment, conversation, offered, progress, session } from '@/testing/rows'

const redTeam = offered({
  slug: 'red-team',
  kind: 'red-team',
  choice_direction: 'pick-worse',
  title: 'Find what it should not say',
})

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session(),
    'GET /tasks': [offered()],
    'GET /assignments': [],
    'GET /visits/current': () => new Response('null'),
    'GET /account/progress': progress(),
    'GET /messages/unread': { count: 0 },
    'GET /care': {
      red_team_conversations: 0,
      today_minutes: 0,
      break_suggested: false,
      survey_due: false,
      feelings: [],
    },
  })
})

it('unfinished work comes first and is taken up where it was', async () => {
  server
    .on('GET /session', session({ red_team_opt_in: true }))
    .on('GET /tasks', [redTeam, offered()])
    .on('GET /assignments', [assignment()])
    .on('POST /assignments', assignment())
    .on('GET /assignments/as1', assignment())
    .on('GET /conversations/c1', conversation())
  const { user } = openPage('/')
  const [first] = await screen.findAllByRole('article')
  expect(within(first as HTMLElement).getByText(/In progress: conversation 2 of 5/)).toBeVisible()
  await user.click(within(first as HTMLElement).getByRole('button', { name: 'Continue' }))
  expect(await screen.findByText('Conversation 2 of 5')).toBeVisible()
  expect(server.bodies('POST /assignments')).toEqual([{ task: 'helpfulness' }])
})

it('red-teaming starts only after its warning was accepted', async () => {
  server.on('GET /tasks', [redTeam]).on('POST /account/red-team-opt-in', session({ red_team_opt_in: true }))
  const { user } = openPage('/')
  expect(await screen.findByText('This task may show you upsetting text')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Start' })).not.toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'I understand and want to take part' }))
  expect(await screen.findByRole('button', { name: 'Start' })).toBeVisible()
  expect(server.bodies('POST /account/red-team-opt-in')).toEqual([{ opt_in: true }])
})

it('says what a task pays', async () => {
  server.on('GET /tasks', [offered({ pay: { cents: 750, currency: 'USD' } })])
  openPage('/')
  expect(await screen.findByText(/\$7\.50 for all of them/)).toBeVisible()
})

it('a task that is not qualified for leads to its qualification', async () => {
  server.on('GET /tasks', [offered({ qualification: 'needed', tries_left: 1 })])
  openPage('/')
  expect(await screen.findByText(/You have 1 try\./)).toBeVisible()
  expect(screen.getByRole('link', { name: 'Qualify first' })).toHaveAttribute(
    'href',
    '/tasks/helpfulness/qualification',
  )
  expect(screen.queryByRole('button', { name: 'Start' })).not.toBeInTheDocument()
})

it('a task that cannot be taken says why', async () => {
  server.on('GET /tasks', [offered({ available: 'You have done all for today.' })])
  openPage('/')
  expect(await screen.findByText('You have done all for today.')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Start' })).not.toBeInTheDocument()
})

it('thanks stand above the tasks when there is something to thank for', async () => {
  server.on('GET /account/progress', progress({ comparisons: 9, trained_on: 1 }))
  openPage('/')
  expect(await screen.findByText(/One of your choices helped to train/)).toBeVisible()
})

describe('a researcher', () => {
  it('looks around without warning or qualification', async () => {
    server
      .on('GET /session', session({ role: 'researcher' }))
      .on('GET /tasks', [redTeam])
      .on('POST /assignments', assignment({ task: redTeam }))
      .on('GET /assignments/as1', assignment({ task: redTeam }))
      .on('GET /conversations/c1', conversation({ task: redTeam, preview: true, red_team_plan: 'Any.' }))
    const { user } = openPage('/')
    await user.click(await screen.findByRole('button', { name: 'Preview as a crowdworker' }))
    expect(await screen.findByText('Conversation 2 of 5')).toBeVisible()
  })
})
