import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { configField, iteration, session } from '@/testing/rows'

const FIELDS = [
  configField({
    name: 'policy.helpful_share',
    nullable: true,
    allowed: 'a number from 0 to 1 or null',
    meaning: "Share of the run's prompts that are not of the task red-team.",
    values: { toy: null, small: null },
    group: 'Mixes and shares',
  }),
  configField({
    name: 'pm.drop_weakest',
    kind: 'switch',
    meaning: 'Leave out choices of strength 1.',
    values: { toy: true, small: true },
    group: 'Preference model',
  }),
  configField(),
  configField({
    name: 'policy.algorithm',
    kind: 'choice',
    choices: ['ppo', 'rloo', 'grpo'],
    values: { toy: 'ppo', small: 'ppo' },
    meaning: 'What a response is compared with.',
  }),
  configField({
    name: 'policy.kl_levels',
    kind: 'list',
    of: 'whole',
    values: { toy: [], small: [] },
    meaning: 'Nats per response.',
  }),
]

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /iterations': [],
    'GET /iterations/timeline': { weeks: [], next: null, count: 0 },
    'GET /presets': [{ name: 'small', description: 'Half an hour.' }],
    'GET /presets/fields': FIELDS,
    'GET /iterations/estimate': { seconds: 1320, stages: [], basis: 'past runs' },
    'POST /iterations': iteration(),
    'GET /iterations/it1': iteration(),
  })
})

type User = ReturnType<typeof openPage>['user']

const finder = () => screen.findByRole('combobox', { name: 'Override a field of the preset' })
/** To jsdom, which has no layout, the list is one that was scrolled out of sight. */
const offers = async () =>
  within(await screen.findByRole('listbox', { hidden: true })).findAllByRole('option', { hidden: true })

/** Looks for a field and takes the first that is found. */
async function add(user: User, search: string) {
  await user.type(await finder(), search)
  const [first] = await offers()
  await user.click(first as HTMLElement)
}

async function overridesSent(user: User) {
  await user.click(screen.getByRole('button', { name: 'Start now' }))
  await waitFor(() => expect(server.bodies('POST /iterations')).toHaveLength(1))
  return (server.bodies('POST /iterations')[0] as { overrides: unknown }).overrides
}

describe('overrides', () => {
  it('offers mixes and shares first, each with what it means and what the preset has', async () => {
    const { user } = openPage('/admin/iterations')
    await user.click(await finder())
    const options = await offers()
    expect(options[0]).toHaveTextContent(/policy\.helpful_share.*null.*not of the task red-team/)
    expect(options).toHaveLength(FIELDS.length)
    expect(options[0]?.parentElement).toHaveTextContent(/^Mixes and shares/)
  })

  it('finds a field by what it means, and begins with what the preset has', async () => {
    const { user } = openPage('/admin/iterations')
    await add(user, 'ADAMW rate')
    const rate = await screen.findByLabelText('policy.learning_rate')
    await waitFor(() => expect(rate).toHaveFocus())
    expect(rate).toHaveValue(0.0001)
    expect(rate).toHaveAccessibleDescription(/small has 0\.0001; here a number from 0 to 1\./)
    await user.clear(rate)
    await user.type(rate, '0.00002')
    expect(await overridesSent(user)).toEqual({ 'policy.learning_rate': 0.00002 })
  })

  it('asks for each kind as it is, and sends it as it is', async () => {
    const { user } = openPage('/admin/iterations')
    await add(user, 'helpful')
    await user.type(await screen.findByLabelText('policy.helpful_share'), '0.7')
    await add(user, 'weakest')
    await user.click(await screen.findByRole('switch', { name: /^pm.drop_weakest/ }))
    await add(user, 'algorithm')
    await user.selectOptions(await screen.findByLabelText('policy.algorithm'), 'rloo')
    await add(user, 'kl_levels')
    await user.type(await screen.findByLabelText('policy.kl_levels'), '1, 4, 9')
    expect(await overridesSent(user)).toEqual({
      'policy.helpful_share': 0.7,
      'pm.drop_weakest': false,
      'policy.algorithm': 'rloo',
      'policy.kl_levels': [1, 4, 9],
    })
  })

  it('sends nothing that is out of range, and null where a field is left empty that may be', async () => {
    const { user } = openPage('/admin/iterations')
    await add(user, 'learning_rate')
    const rate = await screen.findByLabelText('policy.learning_rate')
    await user.clear(rate)
    await user.type(rate, '2')
    await user.click(screen.getByRole('button', { name: 'Start now' }))
    expect(rate).toBeInvalid()
    expect(server.bodies('POST /iterations')).toEqual([])
    await user.click(screen.getByRole('button', { name: 'Remove policy.learning_rate' }))
    await add(user, 'helpful')
    const share = await screen.findByLabelText('policy.helpful_share')
    await user.type(share, '0.5')
    await user.clear(share)
    expect(await overridesSent(user)).toEqual({ 'policy.helpful_share': null })
  })

  it('says that a field of an earlier release is gone, and takes it out of the schedule', async () => {
    const plan = {
      cron: '0 3 * * 1',
      timezone: 'UTC',
      enabled: true,
      preset: 'small',
      min_new_comparisons: 1,
    }
    const starts = { sentence: 'Every Monday at 03:00.', next_runs: ['2026-03-23T03:00:00Z'] }
    const schedule = { ...plan, ...starts, next_run_at: starts.next_runs[0], version: 4 }
    server.on('GET /schedule/starts', starts)
    server.on('GET /schedule', {
      ...schedule,
      overrides: { 'policy.gone': 3, 'policy.algorithm': 'grpo' },
      changed_at: null,
      changed_by: null,
    })
    server.on('PUT /schedule', schedule)
    const { user } = openPage('/admin/schedule')
    const overrides = within(await screen.findByRole('group', { name: 'Overrides' }))
    expect(await overrides.findByText(/3\. This release has no such field/)).toBeVisible()
    expect(overrides.getByLabelText('policy.algorithm')).toHaveValue('grpo')
    await user.click(overrides.getByRole('button', { name: 'Remove policy.gone' }))
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() =>
      expect(server.bodies('PUT /schedule')).toMatchObject([{ overrides: { 'policy.algorithm': 'grpo' } }]),
    )
    expect(server.bodies('PUT /schedule')[0]).not.toHaveProperty(['overrides', 'policy.gone'])
  })
})
