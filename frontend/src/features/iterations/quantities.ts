import { words } from './words'

interface Metric {
  name: string
  step: number
  value: number
}

/** What one chart shows: a quantity of a run, or of each member of its ensemble (`pm/loss`, `pm-1/loss`). */
export interface Quantity {
  name: string
  title: string
  unit: string
  metrics: Metric[]
}

/** What a researcher looks at first, in this order. */
const FIRST = [
  'loss',
  'accuracy',
  'score',
  'test_score',
  'kl_to_initial',
  'entropy',
  'length',
  'end_of_turn_rate',
]

/** A run's metrics by quantity, those that matter first and the others by name. */
export function quantities(metrics: Metric[]): Quantity[] {
  const found = new Map<string, Quantity>()
  for (const metric of metrics) {
    const name = metric.name.replace(/^[^/]*\//, '')
    const known = words.quantities[metric.name] ?? words.quantities[name]
    const quantity = found.get(name) ?? {
      name,
      title: known?.title ?? name.replaceAll('_', ' '),
      unit: known?.unit ?? '',
      metrics: [],
    }
    quantity.metrics.push(metric)
    found.set(name, quantity)
  }
  const place = ({ name }: Quantity) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return [...found.values()].sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name))
}

export function shownFirst(all: Quantity[]): string[] {
  const first = all.filter(({ name }) => FIRST.includes(name))
  return (first.length > 0 ? first : all.slice(0, 4)).map(({ name }) => name)
}

const NUMBERS = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 })

export function number(value: number): string {
  return NUMBERS.format(value).replace('-', '−')
}
