import { useState } from 'react'

export type Letter = 'a' | 'b'
export type Answers = readonly (Letter | null)[]

/** The answers so far, kept for a reload of this tab. Another version of the pairs begins with none. */
export function useAnswers(slug: string, version: number, count: number) {
  const key = `turnwise:qualification:${slug}:${version}`
  const [answers, setAnswers] = useState<Answers>(() => read(key, count))

  function keep(next: Answers) {
    setAnswers(next)
    try {
      sessionStorage.setItem(key, JSON.stringify(next))
    } catch {
      // Full or forbidden: then they last as long as the page.
    }
  }
  return {
    answers,
    answer: (index: number, letter: Letter) =>
      keep(answers.map((earlier, at) => (at === index ? letter : earlier))),
    clear: () => keep(none(count)),
  }
}

const none = (count: number): Answers => Array<null>(count).fill(null)

function read(key: string, count: number): Answers {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    const fits = Array.isArray(kept) && kept.length === count
    return fits && kept.every((one) => one === null || one === 'a' || one === 'b') ? kept : none(count)
  } catch {
    return none(count)
  }
}

/** The letter that a key means: its own, or its side of the chat's scale and of the arrow keys. */
export function letterOfKey(event: KeyboardEvent): Letter | null {
  if (event.key === 'ArrowLeft') return 'a'
  if (event.key === 'ArrowRight') return 'b'
  // By the place on the keyboard: a Korean layout sends no Latin letters.
  if (event.code === 'KeyA' || event.key.toLowerCase() === 'a') return 'a'
  if (event.code === 'KeyB' || event.key.toLowerCase() === 'b') return 'b'
  const digit = Number(/^(?:Digit|Numpad)?(\d)$/.exec(event.code || event.key)?.[1])
  return digit >= 1 && digit <= 4 ? 'a' : digit >= 5 && digit <= 8 ? 'b' : null
}
