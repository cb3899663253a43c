import { expect, it } from 'vitest'
import { axisOf, dayMarks, evenMarks, logMarks } from '@/components/figure-axis'

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

it('marks stand at round numbers around all values', () => {
  expect(evenMarks([52.7, 77])).toEqual({ domain: [50, 80], ticks: [50, 55, 60, 65, 70, 75, 80] })
  expect(evenMarks([-0.08, 0.75]).ticks).toEqual([-0.2, 0, 0.2, 0.4, 0.6, 0.8])
  expect(evenMarks([1, 391]).ticks).toEqual([0, 100, 200, 300, 400])
})

it('one value, zero or none have an axis too', () => {
  for (const values of [[3], [0], [], [-2, -2]]) {
    const { domain, ticks } = evenMarks(values)
    expect(domain[0]).toBeLessThan(domain[1])
    expect([...domain, ...ticks].every(Number.isFinite)).toBe(true)
  }
  expect(evenMarks([0, 0]).domain[0]).toBe(0) // no seconds below zero
})

it('a logarithmic axis has marks at 1, 2 and 5', () => {
  expect(logMarks([700, 12_000]).ticks).toEqual([1000, 2000, 5000, 10_000])
})

it('each day has one mark at most, and a single day has the only one', () => {
  const day = (date: string) => Date.parse(date)
  const alone = dayMarks([day('2026-11-29'), day('2026-11-29')])
  expect(alone).toEqual({
    domain: [day('2026-11-28'), day('2026-11-30')],
    ticks: [day('2026-11-29')],
  })
  expect(dayMarks(['2026-11-27', '2026-11-29', '2026-11-28'].map(day)).ticks).toEqual(
    ['2026-11-27', '2026-11-28', '2026-11-29'].map(day),
  )
  expect(dayMarks(['2026-11-02', '2026-11-30'].map(day)).ticks).toEqual(
    ['2026-11-02', '2026-11-09', '2026-11-16', '2026-11-23', '2026-11-30'].map(day),
  )
})
