import { screen, waitFor, within } from '@testing-library/react'
import { beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import * as files from '@/api/save-file'
import type { Board, Figure, Leaderboard, Standing } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'

const standing = (fields: Partial<Standing>): Standing => ({
  snapshot: 'initial',
  best_of: 1,
  iteration: null,
  comparisons: 1234,
  crowdworkers: 40,
  elo: { elo: 0, low: null, high: null },
  sandwich: null,
  equal_length: null,
  missing: null,
  met_initial: 0,
  beat_initial: 0,
  by_pm_probability: null,
  by_pm_choice: null,
  by_pm_score: null,
  held_out: null,
  ...fields,
})

const board: Board = {
  comparisons: 1234,
  effective: 987.6,
  crowdworkers: 40,
  standings: [
    standing({}),
    standing({
      snapshot: 'week-2',
      elo: null,
      missing: 'It was never the worse one: its Elo has no upper end yet.',
    }),
    standing({
      snapshot: 'week-1',
      elo: { elo: -120.4, low: -150, high: -90 },
      met_initial: 300,
      beat_initial: 99,
    }),
  ],
  meetings: [],
  length_effect: null,
  pm: null,
  scored: 0,
}

const fit: Leaderboard['fit'] = {
  id: 'f1',
  status: 'done',
  asked_at: new Date().toISOString(),
  finished_at: new Date(Date.now() - 180_000).toISOString(),
  seconds: 2.5,
  comparisons: 1234,
  new: 17,
  seed: 0,
  counts_hash: 'abc',
  error: null,
}

const leaderboard: Leaderboard = {
  boards: [
    { task: 'helpfulness', title: 'Talk', kind: 'helpfulness', weeks: ['2026-11-23', '2026-11-16'] },
    { task: 'red-team', title: 'Attack', kind: 'red-team', weeks: [] },
  ],
  fit,
  waiting: null,
  task: 'helpfulness',
  week: null,
  board,
}

const figure: Figure = {
  name: 'win-matrix',
  title: 'Who was better than whom',
  kind: 'matrix',
  x: { label: 'against', unit: '' },
  y: { label: 'Better', unit: '%' },
  series: [
    { name: 'initial', points: [{ x: 'week-1', y: 67, of: 300 }] },
    { name: 'week-1', points: [{ x: 'initial', y: 33, of: 300 }] },
  ],
  how_to_read: 'Row against column.',
  interval: null,
  paper: 'Fig. 1',
  command: 'turnwise figure win-matrix',
  data_hash: 'abc',
  missing: null,
}

let server: FakeServer

// The researchers' pages are fetched when the first of them is opened, which takes long on a busy machine.
beforeAll(async () => {
  await Promise.all([import('@/other-routes'), import('@/admin-routes')])
}, 120_000)

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session({ role: 'researcher' }),
    'GET /leaderboard': leaderboard,
    'GET /figures/elo': { ...figure, name: 'elo', title: 'Elo', kind: 'points', missing: 'Not enough data.' },
    'GET /figures/elo-four-ways': {
      ...figure,
      name: 'elo-four-ways',
      title: 'Four ways',
      missing: 'No scores.',
    },
    'GET /figures/win-matrix': figure,
  })
})

it('ranks the strongest first and says why one has no Elo', async () => {
  openPage('/admin/leaderboard')
  expect(await screen.findByText(/Fitted 3 min ago on 1,234 comparisons · 17 new since/)).toBeVisible()
  const table = screen.getAllByRole('table')[0] as HTMLElement
  const lines = within(table).getAllByRole('row').slice(1)
  expect(lines.map((line) => within(line).getByRole('rowheader').textContent)).toEqual([
    'initial',
    'week-1',
    'week-2',
  ])
  expect(lines[1]).toHaveTextContent('−120')
  expect(lines[1]).toHaveTextContent('−150 to −90')
  expect(lines[1]).toHaveTextContent('33 % of 300')
  expect(lines[2]).toHaveTextContent('Not enough data: It was never the worse one')
})

it('asks for another task or week by its address', async () => {
  const asked: string[] = []
  server.on('GET /leaderboard', ({ url }: { url: URL }) => {
    asked.push(url.search)
    return leaderboard
  })
  const { user } = openPage('/admin/leaderboard')
  await user.selectOptions(await screen.findByLabelText('Week'), '2026-11-23')
  expect(asked).toEqual(['', '?task=helpfulness&week=2026-11-23'])
})

it('fits anew when asked to', async () => {
  server.on('POST /leaderboard/fit', { ...fit, status: 'waiting', finished_at: null })
  const { user } = openPage('/admin/leaderboard')
  await user.click(await screen.findByRole('button', { name: 'Fit anew' }))
  expect(server.bodies('POST /leaderboard/fit')).toHaveLength(1)
})

it('shows who beat whom as a table, with its numbers as a file', async () => {
  openPage('/admin/leaderboard')
  const cell = await screen.findByTitle('initial against week-1: 67 % of 300')
  expect(cell).toHaveTextContent('67')
  expect(screen.getByRole('link', { name: 'Who was better than whom as CSV' })).toHaveAttribute(
    'href',
    '/api/v1/figures/win-matrix/csv?task=helpfulness',
  )
})

it('draws who beat whom as a picture, warm and cold as on the page', async () => {
  const texts: string[] = []
  const cells: [string, number][] = []
  const pen = {
    fillText: (text: string) => texts.push(text),
    fillRect: () => cells.push([pen.fillStyle, pen.globalAlpha]),
    measureText: (text: string) => ({ width: 7 * text.length }),
    ...{ scale: vi.fn(), save: vi.fn(), restore: vi.fn(), translate: vi.fn(), rotate: vi.fn() },
    ...{ fillStyle: '', globalAlpha: 1 },
  }
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(pen as never)
  vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation((done) => done(new Blob(['drawn'])))
  const saved = vi.spyOn(files, 'saveFile').mockImplementation(() => undefined)
  onTestFinished(() => void vi.restoreAllMocks())

  const { user } = openPage('/admin/leaderboard')
  await user.click(await screen.findByRole('button', { name: 'Who was better than whom as PNG' }))
  await waitFor(() => expect(saved).toHaveBeenCalledWith(expect.any(Blob), 'win-matrix.png'))
  expect(texts.filter(Boolean)).toEqual([
    ...['Who was better than whom', 'Better (%) ↓ against →', 'initial', 'week-1'],
    ...['initial', '67', 'week-1', '33'],
  ])
  const grounds = cells.filter(([, strength]) => strength < 1)
  expect(grounds.map(([colour]) => colour)).toEqual(['#56b4e9', '#f0a35c'])
  expect(grounds[0]?.[1]).toBeCloseTo(0.238) // (67 − 50) / 50 × 0.7
})

it('says what is missing while there is nothing to rank', async () => {
  server.on('GET /leaderboard', { ...leaderboard, boards: [], fit: null, task: null, board: null })
  openPage('/admin/leaderboard')
  expect(await screen.findByText('Nothing to rank yet')).toBeVisible()
  expect(screen.getByRole('link', { name: 'Who answers now' })).toBeVisible()
  expect(screen.getByRole('button', { name: 'Fit now' })).toBeEnabled()
})
