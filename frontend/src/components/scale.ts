import type { Shown } from '@/api/types'

/** One of the two that can be chosen; a third, the crowdworker's own version, may be shown but is not chosen so. */
export type Side = Exclude<Shown, 'edited'>

export interface Step {
  shown: Side
  strength: number
}

/** The scale from left to right, as the keys 1 to 8 have it: A strongest … A weakest, B weakest … B strongest. */
export const SCALE: readonly Step[] = [
  { shown: 'a', strength: 4 },
  { shown: 'a', strength: 3 },
  { shown: 'a', strength: 2 },
  { shown: 'a', strength: 1 },
  { shown: 'b', strength: 1 },
  { shown: 'b', strength: 2 },
  { shown: 'b', strength: 3 },
  { shown: 'b', strength: 4 },
]

/** The digit's position on the keyboard counts where there is one: on some layouts digits need the shift key. */
function digitOf(event: KeyboardEvent): number {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? event.key
  return /^\d$/.test(digit) ? Number(digit) : 0
}

/** The step that a digit key means, if it does. */
export function stepOfKey(event: KeyboardEvent): Step | null {
  return SCALE[digitOf(event) - 1] ?? null
}
