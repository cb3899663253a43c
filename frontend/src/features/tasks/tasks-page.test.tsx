import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { assignment, conversation, session, task } from '@/testing/rows'

const redTeam = task({
  slug: 'red-team',
  kind: 'red-team',
  choice_direction: 'pick-worse',
  title: 'Find what it should not say',
})

it('unfinished work comes first and is taken up where it was', async () => {
  const server = new FakeServer({
    'GET /session': session({ red_team_opt_in: true }),
    'GET /tasks': [redTeam, task()],
    'GET /assignments': [assignment()],
    'POST /assignments': assignment(),
    'GET /assignments/as1': assignment(),
    'GET /conversations/c1': conversation(),
  })
  const { user } = openPage('/')
  const [first] = await screen.findAllByRole('article')
  expect(within(first as HTMLElement).getByText(/In progress: conversation 2 of 5/)).toBeVisible()
  await user.click(within(first as HTMLElement).getByRole('button', { name: 'Continue' }))
  expect(await screen.findByText('Conversation 2 of 5')).toBeVisible()
  expect(server.bodies('POST /assignments')).toEqual([{ task: 'helpfulness' }])
})

it('red-teaming starts only after its warning was accepted', async () => {
  const server = new FakeServer({
    'GET /session': session(),
    'GET /tasks': [redTeam],
    'GET /assignments': [],
    'POST /account/red-team-opt-in': session({ red_team_opt_in: true }),
  })
  const { user } = openPage('/')
  expect(await screen.findByText('This task may show you upsetting text')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Start' })).not.toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'I understand and want to take part' }))
  expect(await screen.findByRole('button', { name: 'Start' })).toBeVisible()
  expect(server.bodies('POST /account/red-team-opt-in')).toEqual([{ opt_in: true }])
})
