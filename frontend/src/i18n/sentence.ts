import { useEffect, useState } from 'react'
import { Problem, Unreachable } from '@/api/problem'
import { LANGUAGES, useLanguage } from '@/i18n/language'

/** What an error says in the language that is spoken; the server's own sentence where there is no other. */
export function useSentence(error: Error | null): string {
  const { language, words } = useLanguage()
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({})
  const { problems: fetchProblems } = LANGUAGES[language]
  useEffect(() => {
    setProblems({})
    if (error && fetchProblems) fetchProblems().then(setProblems, () => undefined)
  }, [error, fetchProblems])

  if (error instanceof Unreachable) return words.shared.unreachable
  if (error instanceof Problem) return problems[error.type] ?? error.message
  return error?.message ?? ''
}
