import { words } from './words'

const SHARES = new Set([
  'accuracy',
  'test_accuracy',
  'score_win_rate',
  'test_score_win_rate',
  'end_of_turn_rate',
  'refusal_rate',
  'distinct_2',
])

/** A measured number as people read it: shares in percent, others with three digits, a column's all alike. */
export function shown(quantity: string, value: number): string {
  if (SHARES.has(quantity)) return `${(100 * value).toFixed(1)} %`
  const size = Math.abs(value)
  const minimumFractionDigits = size < 10 ? 2 : size < 100 ? 1 : 0
  return minus(Number(value.toPrecision(3)).toLocaleString(undefined, { minimumFractionDigits }))
}

export function named(quantity: string): string {
  return words.quantities[quantity] ?? quantity
}

const SHORT: [string, string][] = [
  ['test_accuracy', 'accuracy'],
  ['score', 'score'],
  ['kl_to_initial', 'KL'],
  ['length', 'tokens'],
]

/** The few numbers of a manifest that tell most, in one line. */
export function inWords(metrics: Record<string, unknown>): string {
  return SHORT.flatMap(([quantity, name]) => {
    const value = metrics[quantity]
    return typeof value === 'number' ? [`${name} ${shown(quantity, value)}`] : []
  }).join(' · ')
}

function minus(text: string): string {
  return text.replace('-', '−')
}

/** 12.3 MB */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
