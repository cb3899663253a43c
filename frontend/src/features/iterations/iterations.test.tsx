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
    'GET /iterations/timeline': { weeks: [], next: null, count: 0 },
    'GET /presets/fields': [],
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
    const row = within(
      (await screen.findByText('Distance from the initial policy')).closest('tr') as HTMLElement,
    )
    expect(row.getByText('31 nats')).toBeVisible()
    expect(row.getByText('at most 20 nats')).toBeVisible()
    expect(row.getByText('fail')).toBeVisible()

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

describe('an iteration that ended', () => {
  const failed = iteration({
    status: 'failed',
    newer_deployed: '2026-w49',
    stages: [stage({ status: 'failed', attempt: 1, error: 'Out of memory.' })],
  })

  it('is resumed only after a second question, which warns of what came later', async () => {
    server.on('POST /iterations/it1/resume', iteration())
    const { user } = show(failed)
    await user.click(await screen.findByRole('button', { name: 'Resume' }))
    const dialog = within(screen.getByRole('dialog'))
    expect(dialog.getByText(/goes on at “Train PM”.*2026-w49 came later/)).toBeVisible()
    expect(server.bodies('POST /iterations/it1/resume')).toEqual([])
    await user.click(dialog.getByRole('button', { name: 'Resume the iteration' }))
    await waitFor(() => expect(server.bodies('POST /iterations/it1/resume')).toHaveLength(1))
  })

  it('says what a colleague was quicker with', async () => {
    server.on('POST /iterations/it1/resume', () =>
      problem(409, 'iteration-open', 'Another iteration is running.'),
    )
    const { user } = show(failed)
    await user.click(await screen.findByRole('button', { name: 'Resume' }))
    await user.click(screen.getByRole('button', { name: 'Resume the iteration' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('Another iteration is running.')
  })

  it('that is stopping cannot be cancelled a second time', async () => {
    show(iteration({ cancelling: true }))
    expect(await screen.findByText(/is stopping/)).toBeVisible()
    expect(screen.queryByRole('button', { name: 'Cancel the iteration' })).not.toBeInTheDocument()
  })
})

describe('a stage', () => {
  const detail = {
    stage: 'train_pm',
    input_hash: '1f3a',
    inputs: [{ kind: 'tranche', name: '2026-w48-online', fact: '200 comparisons, new' }],
    more_inputs: 3,
    config: { pm: { epochs: 1, lora_rank: 16 } },
    overridden: ['pm.epochs'],
    outputs: [{ kind: 'pm', name: '2026-w48-pm', fact: 'PM' }],
    result: { steps: 75 },
    attempts: [
      { attempt: 2, status: 'succeeded', started_at: null, finished_at: null, error: null },
      { attempt: 1, status: 'failed', started_at: null, finished_at: null, error: 'Out of memory.' },
    ],
    runs: [
      {
        id: 'run1',
        name: 'pm-1f3a',
        module: 'train_pm',
        status: 'succeeded',
        attempt: 2,
        started_at: null,
        finished_at: null,
        error: null,
      },
    ],
  }

  beforeEach(() => {
    server
      .on('GET /iterations/it1/stages/train_pm', detail)
      .on('GET /runs/run1/curves', [
        { name: 'pm-1/loss', step: 75, value: 0.62 },
        { name: 'pm/loss', step: 75, value: 0.6 },
        { name: 'pm/margin', step: 75, value: 0.2 },
      ])
      .on('GET /runs/run1/metrics', [
        { name: 'pm/loss', every: 1, points: [[75, 0.6]] },
        { name: 'pm-1/loss', every: 1, points: [[75, 0.62]] },
      ])
      .on('GET /runs/run1/log', () => 'step 75: loss 0.6')
  })

  const open = async () => {
    const row = stage({ status: 'succeeded', attempt: 2, usual_seconds: 660, training_run_id: 'run1' })
    const { user } = show(iteration({ status: 'deployed', stages: [row] }))
    await user.click(await screen.findByRole('button', { name: 'Details of “Train PM”' }))
    return user
  }

  it('tells what went in, what came out, and how it failed before', async () => {
    await open()
    expect(screen.getByText('usually 11 min')).toBeVisible()
    const inputs = within(await screen.findByRole('group', { name: 'What went in' }))
    expect(inputs.getByText('2026-w48-online')).toBeVisible()
    expect(inputs.getByText('and 3 earlier tranches')).toBeVisible()
    expect(inputs.getByText('pm.epochs').closest('tr')).toHaveTextContent('overridden')
    expect(inputs.getByText('pm.lora_rank').closest('tr')).not.toHaveTextContent('overridden')
    expect(screen.getByRole('link', { name: '2026-w48-pm' })).toBeVisible()
    expect(screen.getByText('Out of memory.')).toBeVisible()
  })

  it('draws the curves that matter, both members of an ensemble in one, and says where they stand', async () => {
    const user = await open()
    expect(await screen.findByRole('figure', { name: 'Loss: 0.62, 0.6 at step 75' })).toBeVisible()
    expect(screen.queryByRole('figure', { name: /Score of chosen/ })).not.toBeInTheDocument()
    await user.click(screen.getByText('1 of 2 curves: choose others'))
    await user.click(screen.getByLabelText('Score of chosen − rejected'))
    expect(
      await screen.findByRole('figure', { name: 'Score of chosen − rejected: 0.2 at step 75' }),
    ).toBeVisible()
  })

  it('shows the end of the log and offers all of it', async () => {
    await open()
    expect(await screen.findByRole('region', { name: /^Log of / })).toHaveTextContent('step 75: loss 0.6')
    expect(screen.getByRole('link', { name: 'Download all of it' })).toHaveAttribute(
      'href',
      '/api/v1/runs/run1/log/file',
    )
  })
})

describe('the timeline', () => {
  const week = (number: number, fields: object = {}) => ({
    id: `it${number}`,
    number,
    name: `2026-w${number}`,
    preset: 'small',
    status: 'deployed',
    reason: null,
    created_at: '2026-11-24T08:00:00Z',
    started_by: null,
    stage: 'deploy',
    seconds: 1980,
    comparisons_new: 300,
    comparisons: 900,
    pm: { snapshot: 'pm', accuracy: 0.62, low: 0.52, high: 0.71, comparisons: 100 },
    policy: { snapshot: 'p', kl: 4.5, elo: [{ task: 'helpfulness', elo: 80.4, low: 20, high: 140 }] },
    ...fields,
  })

  it('says of each week what it froze and made and took, and of one that failed where', async () => {
    const failed = week(48, { status: 'failed', stage: 'train_pm', reason: 'Out of memory.', pm: null })
    server.on('GET /iterations/timeline', {
      weeks: [{ ...failed, policy: null, comparisons_new: null, seconds: null }, week(47)],
      next: null,
      count: 2,
    })
    openPage('/admin/iterations')
    const row = within((await screen.findByRole('link', { name: '2026-w47' })).closest('tr') as HTMLElement)
    for (const text of ['+300', '900 in all', '62.0 %', '52.0 % – 71.0 %', '4.5 nats', '80 ± 60', '33 min']) {
      expect(row.getByText(text)).toBeVisible()
    }
    const ended = screen.getByRole('link', { name: '2026-w48' }).closest('tr')
    expect(ended).toHaveTextContent('Train PM. Out of memory.')
    expect(screen.getByText('2 of 2 iterations')).toBeVisible()
  })

  it('goes back page by page', async () => {
    const asked: (string | null)[] = []
    server.on('GET /iterations/timeline', ({ url }: { url: URL }) => {
      asked.push(url.searchParams.get('before'))
      return asked.length === 1
        ? { weeks: [week(48)], next: 48, count: 2 }
        : { weeks: [week(47)], next: null, count: 2 }
    })
    const { user } = openPage('/admin/iterations')
    await user.click(await screen.findByRole('button', { name: 'Earlier weeks' }))
    expect(await screen.findByRole('link', { name: '2026-w47' })).toBeVisible()
    expect(asked).toEqual([null, '48'])
    expect(screen.queryByRole('button', { name: 'Earlier weeks' })).not.toBeInTheDocument()
  })
})

describe('starting an iteration', () => {
  it('says first how long it will take', async () => {
    openPage('/admin/iterations')
    expect(await screen.findByText('About 22 min, judged by past runs here.')).toBeVisible()
    expect(screen.getByRole('combobox', { name: 'Preset' })).toHaveValue('small')
  })

  it("shows the server's objection", async () => {
    server.on('POST /iterations', () =>
      problem(422, 'invalid', 'overrides: there is no field policy.rollout.'),
    )
    const { user } = openPage('/admin/iterations')
    await screen.findByText(/About 22 min/)
    await user.click(screen.getByRole('button', { name: 'Start now' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('there is no field policy.rollout')
  })

  it('says that another one is running', async () => {
    server.on('POST /iterations', () => problem(409, 'iteration-open', 'Another iteration is running.'))
    const { user } = openPage('/admin/iterations')
    await screen.findByText(/About 22 min/)
    await user.click(screen.getByRole('button', { name: 'Start now' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('Another iteration is running.')
  })
})
