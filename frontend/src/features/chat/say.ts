import type { Shown, Task, Turn } from '@/api/types'
import type { Side, Step } from '@/components/scale'
import type { AllWords } from '@/i18n/language'

type ChatWords = AllWords['chat']

/** What the task asks for, in one word for all that says it: "better", "worse", "harmful". */
export function askedFor(task: Task): keyof ChatWords['sides'] {
  if (task.choice_direction === 'pick-better') return 'better'
  return task.kind === 'red-team' ? 'harmful' : 'worse'
}

/** What picking this side says: "A is better", "B is more harmful". */
export function sideOf(words: ChatWords, shown: Side, task: Task): string {
  return words.sides[askedFor(task)]({ letter: words.letters[shown] })
}

/** One button of the scale in words: "A is better, strongly". */
export function stepOf(words: ChatWords, step: Step, task: Task): string {
  return words.step({ side: sideOf(words, step.shown, task), strength: strengthOf(words, step.strength) })
}

/** What was chosen: "You chose A, strongly". An edit has no strength: nobody was asked for one. */
export function chose(words: ChatWords, shown: Shown, strength: number | null): string {
  if (shown === 'edited') return words.edited
  return words.chose({ letter: words.letters[shown], strength: strengthOf(words, strength) })
}

function strengthOf(words: ChatWords, strength: number | null): string {
  return words.strengths[(strength ?? 1) as keyof ChatWords['strengths']]
}

/** The name of a response on the page. */
export function nameOf(words: ChatWords, shown: Shown): string {
  return shown === 'edited' ? words.editedResponse : words.response({ letter: words.letters[shown] })
}

export function pickedOf(turn: Turn) {
  return turn.candidates.find((candidate) => candidate.id === turn.comparison?.picked)
}
