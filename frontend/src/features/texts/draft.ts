import { useState } from 'react'
import type { NewTaskText, TaskText } from '@/api/types'

interface Kept {
  /** The version that was the newest when the changes began. */
  base: number
  text: NewTaskText
}

/** Somebody's unpublished changes of a task's text, kept in this browser until they are published or discarded. */
export function useTextDraft(slug: string, newest: TaskText) {
  const key = `turnwise:texts:${slug}`
  const [kept, setKept] = useState<Kept | null>(() => read(key))

  function keep(next: Kept | null) {
    setKept(next)
    try {
      if (next) localStorage.setItem(key, JSON.stringify(next))
      else localStorage.removeItem(key)
    } catch {
      // Full or forbidden: then the changes last as long as the page.
    }
  }
  return {
    text: kept?.text ?? withoutVersion(newest),
    changed: kept !== null,
    overtaken: kept !== null && kept.base < newest.version,
    change: (fields: Partial<NewTaskText>) =>
      keep({
        base: kept?.base ?? newest.version,
        text: { ...(kept?.text ?? withoutVersion(newest)), ...fields },
      }),
    discard: () => keep(null),
  }
}

export function withoutVersion({
  title,
  question,
  instructions,
  guide,
  qualification,
}: TaskText): NewTaskText {
  return { title, question, instructions, guide, qualification }
}

function read(key: string): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as Kept | null
  } catch {
    return null
  }
}
