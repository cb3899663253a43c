import type { Figure } from '@/api/types'

type X = number | string

/** How a figure's x becomes a place on the axis, and a place a word. */
export interface Axis {
  at: (x: X) => number
  label: (place: number) => string
  /** Set where only these places have a meaning. */
  places: number[] | null
  /** Places are moments, milliseconds since 1970. */
  days?: true
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
    return {
      at: (x) => Date.parse(String(x)),
      label: (place) => DAYS.format(place),
      places: null,
      days: true,
    }
  }
  return {
    at: (x) => values.indexOf(x),
    label: (place) => String(values[place] ?? ''),
    places: values.map((_, index) => index),
  }
}

/** Where an axis begins and ends, and its marks. */
export interface Marks {
  domain: [number, number]
  ticks: number[]
}

const ABOUT = 5 // marks of an axis

/** At multiples of 1, 2 or 5 times a power of ten, around all values; below zero only where a value is. */
export function evenMarks(values: number[]): Marks {
  if (values.length === 0) return evenMarks([0, 1])
  const [from, to] = [Math.min(...values), Math.max(...values)]
  const rough = (to - from || Math.abs(to) || 1) / ABOUT
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (rough > 5 * power ? 10 : rough > 2 * power ? 5 : rough > power ? 2 : 1)
  // A hair's breadth beyond a mark is on it.
  const [first, last] = [Math.floor(from / step + 1e-9), Math.ceil(to / step - 1e-9)]
  const ends = first === last ? [first === 0 ? 0 : first - 1, last + 1] : [first, last]
  const [begin = 0, end = 0] = ends
  const ticks = Array.from({ length: end - begin + 1 }, (_, at) =>
    Number(((begin + at) * step).toPrecision(12)),
  )
  return { domain: [ticks[0] ?? from, ticks.at(-1) ?? to], ticks }
}

/** At 1, 2 and 5 times each power of ten between values above zero. */
export function logMarks(values: number[]): Marks {
  const [from, to] = [Math.min(...values) / 1.15, Math.max(...values) * 1.15]
  const ticks = []
  for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) {
    ticks.push(...[1, 2, 5].map((times) => times * power).filter((tick) => tick >= from && tick <= to))
  }
  return { domain: [from, to], ticks }
}

const DAY = 24 * 60 * 60 * 1000
const APART = [1, 2, 7, 14, 28, 91, 182, 364] // days

/** At days of the same distance; a single day stands between two others. */
export function dayMarks(values: number[]): Marks {
  const [from, to] = [Math.min(...values), Math.max(...values)]
  if (from === to) return { domain: [from - DAY, to + DAY], ticks: [from] }
  const days = Math.round((to - from) / DAY)
  const apart = APART.find((some) => days / some <= ABOUT) ?? Math.ceil(days / ABOUT)
  const ticks = Array.from({ length: Math.floor(days / apart) + 1 }, (_, at) => from + at * apart * DAY)
  return { domain: [from, to], ticks }
}
