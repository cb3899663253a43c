import { useState } from 'react'

/** A text that this browser keeps over reloads, expired sessions and crashes; empty: nothing is kept. Storage can be full
 * or forbidden; then it lives as long as the page. */
export function useKept(key: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => readKept(key))
  return [
    text,
    (next) => {
      setText(next)
      keep(key, next)
    },
  ]
}

export function readKept(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

export function keep(key: string, text: string): void {
  try {
    if (text) localStorage.setItem(key, text)
    else localStorage.removeItem(key)
  } catch {
    // Full or forbidden: see above.
  }
}
