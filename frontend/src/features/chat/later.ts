import { useEffect } from 'react'
import { loadWords, useLanguage } from '@/i18n/language'

const PARTS = [
  () => import('./finish-form'),
  () => import('./ending'),
  () => import('./leave-dialog'),
  () => import('./report-dialog'),
  () => import('./write-dialog'),
]

/** Fetches, once there is a choice and so a pause, what the page has begun without: a conversation can then be ended on
 * a train. What does not arrive is asked for again when it is needed. */
export function useFetchLater(paused: boolean): void {
  const { language } = useLanguage()
  useEffect(() => {
    if (!paused) return
    const fetching = [
      ...PARTS.map((part) => part()),
      loadWords(language, 'ending'),
      loadWords(language, 'care'),
    ]
    for (const one of fetching) one.catch(() => undefined)
  }, [paused, language])
}
