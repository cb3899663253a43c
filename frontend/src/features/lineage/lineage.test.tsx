import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { LineageNode } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { session } from '@/testing/rows'
import { arrange, HEIGHT, lane } from './arrange'

const node = (id: string, column: LineageNode['column'], fields: Partial<LineageNode> = {}): LineageNode => ({
  id,
  column,
  name: id,
  facts: [],
  since: null,
  until: null,
  comparisons: null,
  asked: false,
  ...fields,
})

const WEEK = {
  of: '2026-w48',
  iteration_id: 'it1',
  omitted: 0,
  missing: null,
  nodes: [
    node('w48-base', 'tranches', { comparisons: 600 }),
    node('w48-online', 'tranches', { comparisons: 200, facts: ['new in this iteration'] }),
    node('w48-pm', 'pms'),
    node('w48-policy', 'policies'),
    node('use', 'deployments', { name: 'helpfulness', facts: ['generation 3', '50 %'] }),
    node('earned:use', 'earned', { name: 'helpfulness', comparisons: 1240 }),
  ],
  edges: [
    { made_from: 'w48-base', made: 'w48-pm' },
    { made_from: 'w48-online', made: 'w48-pm' },
    { made_from: 'w48-pm', made: 'w48-policy' },
    { made_from: 'w48-policy', made: 'use' },
    { made_from: 'use', made: 'earned:use' },
  ],
}

describe('a lineage', () => {
  it('says in words what each thing was made from and what it earned', async () => {
    new FakeServer({ 'GET /session': session({ role: 'researcher' }), 'GET /lineage': WEEK })
    openPage('/admin/lineage?iteration=it1')
    const pms = within(await screen.findByRole('region', { name: 'PMs' }))
    expect(pms.getByText('Made from w48-base, w48-online.')).toBeInTheDocument()
    const earned = within(screen.getByRole('region', { name: 'Earned' }))
    expect(earned.getByText('1,240 comparisons')).toBeVisible()
    expect(screen.getByRole('link', { name: 'w48-policy' })).toHaveAttribute(
      'href',
      '/admin/snapshots/w48-policy',
    )
    expect(screen.getByRole('link', { name: 'w48-base' })).toHaveAttribute('href', '/admin/tranches/w48-base')
    expect(earned.getByRole('link')).toHaveAttribute(
      'href',
      '/admin/conversations?task=helpfulness&snapshot=w48-policy',
    )
    expect(screen.getByRole('link', { name: 'The iteration' })).toHaveAttribute(
      'href',
      '/admin/iterations/it1',
    )
  })

  it('says what is missing when nothing was made yet', async () => {
    const missing = 'This iteration has frozen no tranche and made no snapshot yet.'
    const nothing = { ...WEEK, nodes: [], edges: [], missing }
    new FakeServer({ 'GET /session': session({ role: 'researcher' }), 'GET /lineage': nothing })
    openPage('/admin/lineage?iteration=it1')
    expect(await screen.findByText(missing)).toBeVisible()
  })
})

describe('its drawing', () => {
  it('puts a thing beside what it was made from, and none upon another', () => {
    const { columns, lines, height } = arrange(WEEK)
    const tops = columns.map(({ nodes }) => nodes.map(({ top }) => top))
    const step = HEIGHT + 12
    expect(tops).toEqual([[0, step], [step / 2], [step / 2], [step / 2], [step / 2]])
    expect(lines).toHaveLength(5)
    expect(height).toBe(step + HEIGHT)
  })

  it('leads a line that skips a column past its boxes', () => {
    const edges = [...WEEK.edges, { made_from: 'w48-pm', made: 'use' }]
    const { lines, height } = arrange({ ...WEEK, edges })
    // Everything stands at 53, of 94 pixels: the way from 100 to 100 would go behind the policy, the way above is nearer.
    const path = lines.find(({ key }) => key === 'w48-pm use')?.path
    expect(path).toBe('M366 100 C383 100 383 47 400 47 H566 C583 47 583 100 600 100')
    expect(height).toBe(HEIGHT + 12 + HEIGHT)
  })

  it('finds the nearest free way above, between or below boxes', () => {
    expect(lane(50, [])).toBe(50)
    expect(lane(50, [{ top: 0 }])).toBe(100) // no room above
    expect(lane(50, [{ top: 20 }])).toBe(14)
    expect(lane(90, [{ top: 20 }])).toBe(120)
    expect(lane(90, [{ top: 0 }, { top: 106 }])).toBe(100)
    expect(lane(150, [{ top: 0 }, { top: 200 }])).toBe(150)
  })
})
