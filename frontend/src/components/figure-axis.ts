import type { Figure } from '@/api/types'

type X = number | string

/** How a figure's x becomes a place on the axis, and a place a word. */
export interface Axis {
  at: (x: X) => number
  label: (place: number) => string
  /** Set where only these places have a meaning. */
  places: number[] | null
}

const NUMBERS = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 })
const DAYS = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** Numbers are numbers, days are moments, and names stand in the order in which they appear. */
export function axisOf(figure: Pick<Figure, 'series'>): Axis {
  const values = [...new Set(figure.series.flatMap((series) => series.points.map((point) => point.x)))]
  if (values.every((x) => typeof x === 'number')) {
    return { at: Number, label: (place) => NUMBERS.format(place), places: null }
  }
  if (values.every((x) => /^\d{4}-\d{2}-\d{2}$/.test(String(x)))) {
    return { at: (x) => Date.parse(String(x)), label: (place) => DAYS.format(place), places: null }
  }
  return {
    at: (x) => values.indexOf(x),
    label: (place) => String(values[place] ?? ''),
    places: values.map((_, index) => index),
  }
}

/** Where a logarithmic axis from one number above zero to another begins and ends, and its marks: 1, 2 and 5 of each
 * power of ten that is on it. */
export function logAxis(values: number[]): { domain: [number, number]; ticks: number[] } {
  const [from, to] = [Math.min(...values) / 1.15, Math.max(...values) * 1.15]
  const ticks = []
  for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) {
    ticks.push(...[1, 2, 5].map((times) => times * power).filter((tick) => tick >= from && tick <= to))
  }
  return { domain: [from, to], ticks }
}
