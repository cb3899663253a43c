import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Iteration } from '@/api/types'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { iteration, session, stage } from '@/testing/rows'

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /iterations': [],
    'GET /presets': [
      { name: 'toy', description: 'Seconds.' },
      { name: 'small', description: 'Half an hour.' },
    ],
    'GET /iterations/estimate': { seconds: 1320, stages: [], basis: 'past runs' },
  })
})

const show = (row: Iteration) => {
  server.on('GET /iterations/it1', () => row)
  return openPage('/admin/iterations/it1')
}

describe('an iteration', () => {
  it('shows how far a stage is and how long it will take', async () => {
    const progress = { phase: 'train', done: 150, total: 600, seconds_left: 200 }
    show(iteration({ stages: [stage({ status: 'running', progress })] }))
    const bar = await screen.findByRole('progressbar', { name: 'Train PM' })
    expect(bar).toHaveAttribute('aria-valuenow', '25')
    expect(screen.getByText('train · 150 of 600 · about 3 min left')).toBeVisible()
  })

  it('asks again while it runs', async () => {
    const at = (done: number) => ({ phase: 'train', done, total: 4, seconds_left: null })
    let asked = 0
    server.on('GET /iterations/it1', () =>
      iteration({ stages: [stage({ status: 'running', progress: at(asked++) })] }),
    )
    openPage('/admin/iterations/it1')
    await screen.findByText('train · 0 of 4')
    expect(await screen.findByText('train · 1 of 4', {}, { timeout: 5000 })).toBeVisible()
  })

  it('shows a stage that has just begun without pretending to know', async () => {
    show(iteration({ stages: [stage({ status: 'running', progress: null })] }))
    const bar = await screen.findByRole('progressbar', { name: 'Train PM' })
    expect(bar).not.toHaveAttribute('aria-valuenow')
    expect(screen.getByText('Starting…')).toBeVisible()
  })

  it('shows the gate line by line, and is overruled only with a reason', async () => {
    const lines = [
      { check: 'kl', verdict: 'fail', value: 31, limit: 20, sentence: 'The policy moved 31.0 nats.' },
      { check: 'entropy', verdict: 'pass', value: 0.9, limit: 0.5, sentence: 'Its entropy is 0.90 times.' },
    ]
    const held = iteration({
      status: 'held',
      reason: 'The policy moved 31.0 nats.',
      stages: [stage({ stage: 'gate', status: 'succeeded', result: { passed: false, lines } })],
    })
    server.on('POST /iterations/it1/overrule', iteration())
    const { user } = show(held)
    const row = (await screen.findByText('kl')).closest('tr') as HTMLElement
    expect(within(row).getByText('fail')).toBeVisible()

    await user.click(screen.getByRole('button', { name: 'Overrule the gate' }))
    const dialog = within(screen.getByRole('dialog'))
    const confirm = dialog.getByRole('button', { name: 'Overrule the gate' })
    expect(confirm).toBeDisabled()
    await user.type(dialog.getByRole('textbox'), '   ')
    expect(confirm).toBeDisabled()
    await user.type(dialog.getByRole('textbox'), 'A canary, watched by hand.')
    await user.click(confirm)
    await waitFor(() =>
      expect(server.bodies('POST /iterations/it1/overrule')).toEqual([
        { reason: 'A canary, watched by hand.' },
      ]),
    )
  })

  it('is cancelled only after a second question', async () => {
    server.on('POST /iterations/it1/cancel', iteration({ status: 'cancelled' }))
    const { user } = show(iteration())
    await user.click(await screen.findByRole('button', { name: 'Cancel the iteration' }))
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel' }))
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
    expect(server.bodies('POST /iterations/it1/cancel')).toEqual([])
    await user.click(screen.getByRole('button', { name: 'Cancel the iteration' }))
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel the iteration' }))
    await waitFor(() => expect(server.bodies('POST /iterations/it1/cancel')).toHaveLength(1))
  })
})

describe('starting an iteration', () => {
  it('says first how long it will take', async () => {
    openPage('/admin/iterations')
    expect(await screen.findByText('About 22 min, judged by past runs here.')).toBeVisible()
    expect(screen.getByRole('combobox', { name: 'Preset' })).toHaveValue('small')
  })

  it('does not send overrides that are no JSON object, and says so at the field', async () => {
    const { user } = openPage('/admin/iterations')
    await user.type(await screen.findByLabelText('Overrides'), '[[1]')
    expect(screen.getByLabelText('Overrides')).toHaveAccessibleDescription(/not a JSON object/)
    expect(screen.getByRole('button', { name: 'Start now' })).toBeDisabled()
  })

  it("shows the server's objection at the field", async () => {
    server.on('POST /iterations', () => problem(422, 'unknown-field', 'There is no field “policy.rollout”.'))
    const { user } = openPage('/admin/iterations')
    await user.type(await screen.findByLabelText('Overrides'), '{{"policy.rollout": 3}')
    await user.click(screen.getByRole('button', { name: 'Start now' }))
    await waitFor(() =>
      expect(screen.getByLabelText('Overrides')).toHaveAccessibleDescription(/no field “policy.rollout”/),
    )
    expect(server.bodies('POST /iterations')).toEqual([
      { preset: 'small', overrides: { 'policy.rollout': 3 } },
    ])
  })

  it('says that another one is running', async () => {
    server.on('POST /iterations', () => problem(409, 'iteration-open', 'Another iteration is running.'))
    const { user } = openPage('/admin/iterations')
    await screen.findByText(/About 22 min/)
    await user.click(screen.getByRole('button', { name: 'Start now' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('Another iteration is running.')
  })
})
