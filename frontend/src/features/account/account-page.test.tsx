import { screen, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { offered, progress, session } from '@/testing/rows'

const ERASE = 'DELETE /account/data'
let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session(),
    'GET /tasks': [offered({ pay: { cents: 4500, currency: 'KRW' } })],
    'GET /visits/current': () => new Response('null'),
    'GET /account/progress': progress(),
    'GET /messages/unread': { count: 0 },
  })
})

it('shows what was done and earned, in money as it is written', async () => {
  server.on(
    'GET /account/progress',
    progress({
      conversations: 1204,
      comparisons: 4816,
      earned: [
        { cents: 900, currency: 'KRW' },
        { cents: 1250, currency: 'USD' },
      ],
      week: { comparisons: 31 },
      trained_on: 1204,
    }),
  )
  openPage('/account')
  expect(await screen.findByText('4,816')).toBeVisible()
  expect(screen.getByText('₩900 + $12.50')).toBeVisible()
  expect(screen.getByText(/1,204 of your choices helped to train/)).toBeVisible()
  expect(screen.getByText('₩4,500 for 5 conversations')).toBeVisible()
})

it('has a kind word for somebody who has done nothing yet', async () => {
  openPage('/account')
  expect(await screen.findByText(/You have not finished a conversation yet/)).toBeVisible()
})

it('turns red-teaming on and off', async () => {
  server.on('POST /account/red-team-opt-in', ({ body }: { body: unknown }) =>
    session({ red_team_opt_in: (body as { opt_in: boolean }).opt_in }),
  )
  const { user } = openPage('/account')
  const offer = await screen.findByRole('switch', { name: /Offer me red-teaming tasks/ })
  await user.click(offer)
  await user.click(offer)
  expect(server.bodies('POST /account/red-team-opt-in')).toEqual([{ opt_in: true }, { opt_in: false }])
})

it('hands over everything stored as a file', async () => {
  server.on('GET /account/data', { account: { username: 'ada' } })
  let file: Blob | undefined
  URL.createObjectURL = (given) => {
    file = given as Blob
    return 'blob:x'
  }
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined)
  const { user } = openPage('/account')
  await user.click(await screen.findByRole('button', { name: 'Download my data' }))
  expect(await screen.findByText('The file has been saved by your browser.')).toBeVisible()
  expect(click).toHaveBeenCalledOnce()
  expect(JSON.parse((await file?.text()) ?? '')).toEqual({ account: { username: 'ada' } })
})

describe('erasing', () => {
  const begin = async () => {
    const { user } = openPage('/account')
    await user.click(await screen.findByRole('button', { name: 'Erase my data' }))
    const dialog = within(screen.getByRole('dialog'))
    return { user, dialog }
  }

  it('takes two steps and the password, and a wrong one erases nothing', async () => {
    server.on(ERASE, () => problem(403, 'wrong-password', 'The password is wrong; nothing was erased.'))
    const { user, dialog } = await begin()
    expect(dialog.queryByRole('button', { name: 'Erase my data for good' })).not.toBeInTheDocument()
    await user.click(dialog.getByRole('button', { name: 'Go on to the last step' }))
    await user.type(dialog.getByLabelText(/Your password/), 'guess')
    await user.click(dialog.getByRole('button', { name: 'Erase my data for good' }))
    expect(await dialog.findByText('The password is wrong; nothing was erased.')).toBeVisible()
    server.on(ERASE, () => null)
    await user.click(dialog.getByRole('button', { name: 'Erase my data for good' }))
    expect(await screen.findByText('Your data has been erased.')).toBeVisible()
    expect(server.bodies(ERASE)).toEqual([{ password: 'guess' }, { password: 'guess' }])
  })

  it('asks participants of a platform, who have no password, for none', async () => {
    server
      .on('GET /visits/current', { status: 'completed', provider: 'prolific', code: 'C', return_url: null })
      .on(ERASE, () => null)
    const { user, dialog } = await begin()
    await user.click(await dialog.findByRole('button', { name: 'Go on to the last step' }))
    expect(dialog.queryByLabelText(/Your password/)).not.toBeInTheDocument()
    await user.click(dialog.getByRole('button', { name: 'Erase my data for good' }))
    expect(await screen.findByText('Your data has been erased.')).toBeVisible()
    expect(server.bodies(ERASE)).toEqual([{ confirm: 'erase' }])
  })

  it('can be left at either step', async () => {
    const { user, dialog } = await begin()
    await user.click(dialog.getByRole('button', { name: 'Go on to the last step' }))
    await user.click(dialog.getByRole('button', { name: 'Cancel' }))
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
    expect(server.bodies(ERASE)).toEqual([])
  })
})
