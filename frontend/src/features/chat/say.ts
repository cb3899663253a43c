import type { Shown, Task } from '@/api/types'
import type { AllWords } from '@/i18n/language'
import type { Step } from './choice-keys'

type ChatWords = AllWords['chat']

/** What picking this side says, in the task's own direction: "A is better", "B is more harmful". */
export function sideOf(words: ChatWords, shown: Shown, task: Task): string {
  const letter = words.letters[shown]
  if (task.choice_direction === 'pick-better') return words.sides.better({ letter })
  return task.kind === 'red-team' ? words.sides.harmful({ letter }) : words.sides.worse({ letter })
}

/** One button of the scale in words: "A is better, strongly". */
export function stepOf(words: ChatWords, step: Step, task: Task): string {
  return words.step({ side: sideOf(words, step.shown, task), strength: strengthOf(words, step.strength) })
}

/** What was chosen: "You chose A, strongly". */
export function chose(words: ChatWords, shown: Shown, strength: number | null): string {
  return words.chose({ letter: words.letters[shown], strength: strengthOf(words, strength) })
}

function strengthOf(words: ChatWords, strength: number | null): string {
  return words.strengths[(strength ?? 1) as keyof ChatWords['strengths']]
}
