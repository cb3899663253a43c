import { expect, it } from 'vitest'
import { axisOf } from '@/components/figure-axis'

const figure = (...series: (number | string)[][]) => ({
  series: series.map((xs, index) => ({ name: String(index), points: xs.map((x) => ({ x, y: 1 })) })),
})

it('numbers keep their distances', () => {
  const axis = axisOf(figure([1, 10]))
  expect([axis.at(1), axis.at(10), axis.places]).toEqual([1, 10, null])
})

it('days are in order, also when one series has a day that the other lacks', () => {
  const axis = axisOf(figure(['2026-11-20', '2026-11-22'], ['2026-11-21']))
  expect(axis.at('2026-11-21')).toBeGreaterThan(axis.at('2026-11-20'))
  expect(axis.at('2026-11-21')).toBeLessThan(axis.at('2026-11-22'))
})

it('names stand in the order in which they appear', () => {
  const axis = axisOf(figure(['w47', 'w48'], ['w48', 'w49']))
  expect(axis.places?.map(axis.label)).toEqual(['w47', 'w48', 'w49'])
  expect(axis.at('w48')).toBe(1)
})
