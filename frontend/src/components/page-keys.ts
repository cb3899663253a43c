import { useEffect, useRef } from 'react'

/** A key that is part of writing something: in a field, or while an input method is composing a character. */
export function isWriting(event: KeyboardEvent): boolean {
  if (event.isComposing || event.keyCode === 229) return true // 229: a composing key in browsers that say so late
  const target = event.target
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable=true], dialog') !== null
  )
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
