import { screen, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import type { Improvement, SharedSheet } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const week = (number: number, answers = 3) => ({
  number,
  name: `2026-w4${number}`,
  snapshot: `policy-${number}`,
  status: 'deployed' as const,
  answers,
})
const column = (number: number) => ({
  number,
  name: number ? `2026-w4${number}` : 'initial',
  snapshot: `policy-${number}`,
  status: number ? ('held' as const) : null,
  pm: 'pm-2',
  elo: number ? { elo: 35.4, low: -2.2, high: 73 } : { elo: 0, low: null, high: null },
})
const improvement = (fields: Partial<Improvement['sheet']> = {}): Improvement => ({
  weeks: [week(1), week(2), week(3), week(4), week(5, 0)],
  sheet: {
    columns: [column(0), column(1), column(2)],
    rows: [
      {
        prompt: [{ role: 'user', content: 'What is moss?' }],
        is_red_team: false,
        answers: [
          { text: 'A moss.', of: 17, gain: null },
          { text: 'A small plant.', of: 17, gain: -0.25 },
          null,
        ],
      },
    ],
    curves: [],
    task: 'helpfulness',
    red_team_left_out: 2,
    crowdworkers_left_out: 0,
    missing: null,
    made_at: '2026-11-24T08:00:00Z',
    ...fields,
  },
})
const shared = (fields: Partial<SharedSheet> = {}): SharedSheet => ({
  id: 's1',
  title: 'Two weeks',
  url: 'https://turnwise.example/improvement/secret',
  created_at: '2026-11-24T08:00:00Z',
  created_by: 'rosa',
  revoked_at: null,
  revoked_by: null,
  ...fields,
})

let server: FakeServer
let asked: string[]
let list: SharedSheet[]

beforeEach(() => {
  asked = []
  list = []
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /threads': [],
    'GET /reports': [],
    'GET /improvement': ({ url }: { url: URL }) => {
      asked.push(url.search)
      return improvement()
    },
    'GET /improvement/shared': () => list,
  })
})

it('lays the weeks side by side, with what each gained and what it was not asked', async () => {
  openPage('/admin/improvement')
  const row = within(await screen.findByRole('row', { name: /What is moss/ }))
  const cells = row.getAllByRole('cell').map((cell) => cell.textContent)
  expect(cells).toEqual(['A moss.', 'A small plant.−0.25 PM score', 'Not asked this.'])
  const head = screen.getByRole('columnheader', { name: /^Week 2/ })
  expect(head).toHaveTextContent('2026-w42, held')
  expect(head).toHaveTextContent('Elo 35 (−2 to 73)')
  expect(screen.getByText('2 red-team prompts are not shown.')).toBeVisible()
})

it('keeps the chosen weeks in the address, at most three', async () => {
  const { user } = openPage('/admin/improvement')
  await user.click(await screen.findByLabelText('Week 4 · 2026-w44'))
  expect(asked.at(-1)).toBe('?weeks=2026-w41&weeks=2026-w42&weeks=2026-w44')
  expect(screen.getByLabelText('Week 5 · 2026-w45')).toBeDisabled()
  expect(screen.getByLabelText('With red-team prompts')).toBeDisabled()
  expect(screen.getByRole('link', { name: 'Download as one HTML file' })).toHaveAttribute(
    'href',
    '/api/v1/improvement/html?weeks=2026-w41&weeks=2026-w42&weeks=2026-w44',
  )
})

it('is shared by a link, which is taken back', async () => {
  server
    .on('POST /improvement/shared', () => {
      list = [shared()]
      return shared()
    })
    .on('POST /improvement/shared/s1/revoke', () => {
      list = [shared({ url: null, revoked_at: '2026-11-24T09:00:00Z', revoked_by: 'sam' })]
      return list[0] as SharedSheet
    })
  const { user } = openPage('/admin/improvement?week=2026-w42')
  await user.click(await screen.findByRole('button', { name: 'Share' }))
  const dialog = within(screen.getByRole('dialog'))
  expect(dialog.getByLabelText('Title')).toHaveValue('From week 0 to 2026-w42')
  await user.clear(dialog.getByLabelText('Title'))
  expect(dialog.getByRole('button', { name: 'Make the link' })).toBeDisabled()
  await user.type(dialog.getByLabelText('Title'), 'Two weeks')
  await user.click(dialog.getByRole('button', { name: 'Make the link' }))
  expect(await screen.findByRole('link', { name: 'Open' })).toHaveAttribute('href', '/improvement/secret')
  expect(server.bodies('POST /improvement/shared')).toEqual([
    { title: 'Two weeks', weeks: ['2026-w42'], red_team: false },
  ])
  await user.click(screen.getByRole('button', { name: 'Take back' }))
  await user.click(screen.getByRole('button', { name: 'Take the link back' }))
  expect(await screen.findByText(/taken back by sam/)).toBeVisible()
  expect(screen.queryByRole('link', { name: 'Open' })).not.toBeInTheDocument()
})

it('says what is missing while there is no week', async () => {
  server.on('GET /improvement', {
    ...improvement({ missing: 'No week has trained a policy yet.', rows: [] }),
    weeks: [],
  })
  openPage('/admin/improvement')
  expect(await screen.findByText('No week has trained a policy yet.')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Share' })).not.toBeInTheDocument()
})
