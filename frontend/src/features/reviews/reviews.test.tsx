import { screen } from '@testing-library/react'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { Drawn, Revealed } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const drawn: Drawn = {
  comparison: 'c1',
  task: 'helpfulness',
  kind: 'helpfulness',
  choice_direction: 'pick-better',
  question: 'Which is more helpful?',
  before: [{ human: 'Hello?', assistant: 'Hi.' }],
  human: 'Why?',
  a: { id: 'x', text: 'Because.' },
  b: { id: 'y', text: 'No idea.' },
}
const seen: Revealed = {
  comparison: 'c1',
  conversation: 'v1',
  picked: 'a',
  strength: 3,
  crowdworker: 'mina',
  crowdworker_picked: 'b',
  crowdworker_strength: 1,
  score_a: 0.5,
  score_b: -1.25,
  scored_by: 'the-pm',
  policy_a: 'week-1',
  policy_b: null,
  others: [],
  note: '',
}
let server: FakeServer

beforeAll(async () => {
  await Promise.all([import('@/other-routes'), import('@/admin-routes')])
}, 120_000)

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /reviews': {
      reviews: 0,
      skipped: 0,
      with_crowdworkers: null,
      reviewers: [],
      pairs: [],
      newest_at: null,
    },
    'GET /figures/agreement': { name: 'agreement', title: 'Agreement', missing: 'Nothing yet.' },
    'POST /reviews/draw': { drawn, why: null },
    'PUT /reviews/c1': seen,
  })
})

it('picks by a key, and only then shows what the crowdworker picked', async () => {
  const { user } = openPage('/admin/reviews?crowdworker=mina')
  await user.click(await screen.findByRole('button', { name: 'Review one' }))
  expect(await screen.findByText('Because.')).toBeVisible()
  expect(screen.queryByText(/mina/)).not.toBeInTheDocument()
  await user.keyboard('2')
  expect(await screen.findByText('mina picked the other one.')).toBeVisible()
  expect(server.bodies('PUT /reviews/c1')).toMatchObject([{ picked: 'x', strength: 3 }])
  expect(screen.getByRole('article', { name: 'Response B' })).toHaveTextContent('mina, strength 1')
  expect(screen.getByRole('article', { name: 'Response B' })).toHaveTextContent('PM score −1.25')
  expect(server.bodies('POST /reviews/draw')).toEqual([
    { crowdworker: 'mina', tranche: null, red_team: false },
  ])
})

it('picks without a strength, and skips', async () => {
  const { user } = openPage('/admin/reviews')
  await user.click(await screen.findByRole('button', { name: 'Review one' }))
  await user.click(await screen.findByRole('button', { name: 'Pick B, no strength' }))
  await user.click(await screen.findByRole('button', { name: /Next one/ }))
  server.on('PUT /reviews/c1', { ...seen, picked: null, crowdworker: null, crowdworker_picked: null })
  await user.keyboard('s')
  expect(await screen.findByText('Skipped. It does not come again.')).toBeVisible()
  expect(server.bodies('PUT /reviews/c1')).toMatchObject([
    { picked: 'y', strength: null },
    { picked: null, strength: null, seconds: null },
  ])
})

it('keeps a note, and says when nothing is left', async () => {
  server.on('PUT /reviews/c1/note', { ...seen, note: 'Read b again.' })
  const { user } = openPage('/admin/reviews')
  await user.click(await screen.findByRole('button', { name: 'Review one' }))
  await screen.findByText('Because.')
  await user.keyboard('1')
  await user.type(await screen.findByLabelText(/Note/), 'Read b again.')
  await user.click(screen.getByRole('button', { name: 'Keep the note' }))
  expect(await screen.findByText('Kept.')).toBeVisible()
  server.on('POST /reviews/draw', { drawn: null, why: 'There is nothing left here.' })
  await user.click(screen.getByRole('button', { name: /Next one/ }))
  expect(await screen.findByText('There is nothing left here.')).toBeVisible()
})
