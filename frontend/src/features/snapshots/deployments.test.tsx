import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it } from 'vitest'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const generation = (number: number, active: boolean, shares: [string, number][]) => ({
  task: 'helpfulness',
  generation: number,
  active,
  canary: false,
  created_at: '2026-11-24T08:00:00Z',
  created_by: 'rosa',
  action: 'deploy',
  reason: null,
  iteration: null,
  deployments: shares.map(([snapshot, share]) => ({ snapshot, share, best_of: 1, full_share: null })),
})

const noFigure = {
  name: 'deployment-shares',
  title: 'Shares',
  kind: 'line',
  x: { label: 'Day', unit: '' },
  y: { label: 'Share', unit: '%' },
  series: [],
  how_to_read: '',
  interval: null,
  paper: null,
  command: '',
  data_hash: '',
  missing: 'Nothing is deployed yet.',
}

const names = [
  { name: 'w48-policy', kind: 'policy', retired: false, sampled: true },
  { name: 'w49-policy', kind: 'policy', retired: false, sampled: true },
  { name: 'w40-policy', kind: 'policy', retired: true, sampled: true },
  { name: 'w48-pm', kind: 'pm', retired: false, sampled: false },
  { name: 'initial', kind: 'policy', retired: false, sampled: true },
]

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'admin' }),
    'GET /snapshot-names': names,
    'GET /figures/deployment-shares': noFigure,
    'GET /deployments': [
      generation(2, true, [
        ['w48-policy', 80],
        ['initial', 20],
      ]),
      generation(1, false, [['initial', 100]]),
    ],
  })
})

it('shares that do not add up cannot be deployed', async () => {
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByRole('button', { name: 'Change shares' }))
  const [first] = screen.getAllByLabelText('Share in %')
  await user.clear(first as HTMLElement)
  await user.type(first as HTMLElement, '70')
  expect(screen.getByText('Together 90 %. Shares must add up to 100 %.')).toBeVisible()
  expect(screen.getByRole('button', { name: 'Deploy' })).toBeDisabled()
})

it('new shares go out after a second question, with the reason', async () => {
  server.on('PUT /tasks/helpfulness/deployments', generation(3, true, [['initial', 100]]))
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByRole('button', { name: 'Change shares' }))
  await user.click(screen.getByRole('button', { name: 'Remove w48-policy' }))
  await user.clear(screen.getByLabelText('Share in %'))
  await user.type(screen.getByLabelText('Share in %'), '100')
  await user.type(screen.getByLabelText('Reason, for the record'), 'Too many refusals.')
  await user.click(screen.getByRole('button', { name: 'Deploy' }))
  expect(server.bodies('PUT /tasks/helpfulness/deployments')).toEqual([])
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Deploy' }))
  await waitFor(() =>
    expect(server.bodies('PUT /tasks/helpfulness/deployments')).toEqual([
      {
        deployments: [{ snapshot: 'initial', share: 100, best_of: 1 }],
        reason: 'Too many refusals.',
        seen: 2,
      },
    ]),
  )
})

it('a refused roll-back says why', async () => {
  server.on('POST /tasks/helpfulness/rollback', () =>
    problem(409, 'nothing-to-roll-back', 'There is nothing earlier.'),
  )
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByRole('button', { name: 'Roll back' }))
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Roll back' }))
  expect(await screen.findByText('There is nothing earlier.')).toBeVisible()
})

it('what is new may begin as a canary, and retired snapshots are not offered', async () => {
  server.on('PUT /tasks/helpfulness/deployments', generation(3, true, [['initial', 100]]))
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByRole('button', { name: 'Change shares' }))
  expect(screen.queryByLabelText(/Begin as a canary/)).toBeNull()
  const [first] = screen.getAllByLabelText('Snapshot')
  await waitFor(() => expect(within(first as HTMLElement).getAllByRole('option')).toHaveLength(3))
  await user.selectOptions(first as HTMLElement, 'w49-policy')
  await user.click(screen.getByLabelText(/Begin as a canary/))
  await user.click(screen.getByRole('button', { name: 'Deploy' }))
  const dialog = screen.getByRole('dialog')
  expect(dialog).toHaveTextContent('What is new begins with 5 % each.')
  await user.click(within(dialog).getByRole('button', { name: 'Deploy' }))
  await waitFor(() =>
    expect(server.bodies('PUT /tasks/helpfulness/deployments')).toEqual([
      {
        deployments: [
          { snapshot: 'w49-policy', share: 80, best_of: 1 },
          { snapshot: 'initial', share: 20, best_of: 1 },
        ],
        reason: null,
        seen: 2,
        canary: 5,
      },
    ]),
  )
})

it('a canary says what it becomes, and is promoted with the generation that was seen', async () => {
  const canary = generation(2, true, [
    ['w48-policy', 5],
    ['initial', 95],
  ])
  canary.canary = true
  server.on('GET /deployments', [
    {
      ...canary,
      deployments: [
        { snapshot: 'w48-policy', share: 5, best_of: 1, full_share: 90 },
        { snapshot: 'initial', share: 95, best_of: 1, full_share: 0 },
      ],
    },
  ])
  server.on('POST /tasks/helpfulness/promote', generation(3, true, [['w48-policy', 100]]))
  const { user } = openPage('/admin/deployments')
  expect(await screen.findByText(/w48-policy 90 % · initial no longer/)).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Promote' }))
  await user.type(screen.getByLabelText('Reason, for the record'), 'No complaint.')
  await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Promote' }))
  await waitFor(() =>
    expect(server.bodies('POST /tasks/helpfulness/promote')).toEqual([{ reason: 'No complaint.', seen: 2 }]),
  )
})

it('the generations say who did what and why', async () => {
  const { user } = openPage('/admin/deployments')
  await user.click(await screen.findByText('Generations: who, when, why'))
  expect(screen.getAllByRole('row', { name: /rosa/ })).toHaveLength(2)
})
