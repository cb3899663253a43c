import type { NewTaskText, TaskText } from '@/api/types'
import { useKept } from '@/components/kept'

interface Kept {
  /** The version that was the newest when the changes began. */
  base: number
  text: NewTaskText
}

/** Somebody's unpublished changes of a task's text, kept in this browser until they are published or discarded. */
export function useTextDraft(slug: string, newest: TaskText) {
  const [stored, setStored] = useKept(`turnwise:texts:${slug}`)
  const kept = stored ? (JSON.parse(stored) as Kept) : null
  const keep = (next: Kept) => setStored(JSON.stringify(next))
  return {
    text: kept?.text ?? withoutVersion(newest),
    changed: kept !== null,
    overtaken: kept !== null && kept.base < newest.version,
    change: (fields: Partial<NewTaskText>) =>
      keep({
        base: kept?.base ?? newest.version,
        text: { ...(kept?.text ?? withoutVersion(newest)), ...fields },
      }),
    discard: () => setStored(''),
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
