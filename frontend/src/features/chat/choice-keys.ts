import { useEffect, useRef } from 'react'
import type { Shown } from '@/api/types'

export interface Step {
  shown: Shown
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

/** A key that is part of writing something: in a field, or while an input method is composing a character. */
export function isWriting(event: KeyboardEvent): boolean {
  if (event.isComposing || event.keyCode === 229) return true // 229: a composing key in browsers that say so late
  const target = event.target
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable=true], dialog') !== null
  )
}

/** The digit's position on the keyboard counts where there is one: on some layouts digits need the shift key. */
function digitOf(event: KeyboardEvent): number {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? event.key
  return /^\d$/.test(digit) ? Number(digit) : 0
}

/** The step that a digit key means, if it does. */
export function stepOfKey(event: KeyboardEvent): Step | null {
  return SCALE[digitOf(event) - 1] ?? null
}

/** While enabled, hears plain keys wherever the focus is but in a field. The handler says whether the key was its own. */
export function usePageKeys(enabled: boolean, onKey: (event: KeyboardEvent) => boolean): void {
  const latest = useRef(onKey)
  useEffect(() => {
    latest.current = onKey
  })
  useEffect(() => {
    if (!enabled) return
    function onKeyDown(event: KeyboardEvent) {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || isWriting(event)) return
      if (latest.current(event)) event.preventDefault()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [enabled])
}
