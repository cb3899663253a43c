import { createContext, type ReactNode, use, useContext, useEffect, useState } from 'react'
import { type Words, wordsOf } from '@/i18n/catalogue'
import type { english } from '@/i18n/english'

/** Each language under its own name, with the direction it is written in. A new one is a line here and a catalogue. */
export const LANGUAGES = {
  en: { name: 'English', dir: 'ltr' },
  ko: { name: '한국어', dir: 'ltr' },
} as const

export type Language = keyof typeof LANGUAGES
export type AllWords = Words<typeof english>

// Only the language in use is fetched.
const CATALOGUES: Record<Language, () => Promise<AllWords>> = {
  en: async () => wordsOf((await import('@/i18n/english')).english, 'en'),
  ko: async () => wordsOf((await import('@/i18n/korean')).korean, 'ko') as AllWords,
}

const loaded = new Map<Language, Promise<AllWords>>()

export function loadWords(language: Language): Promise<AllWords> {
  let words = loaded.get(language)
  if (!words) {
    words = CATALOGUES[language]()
    loaded.set(language, words)
    words.catch(() => loaded.delete(language)) // not there just now; the next try may find it
  }
  return words
}

const REMEMBERED = 'turnwise:language'
const isLanguage = (tag: string | null | undefined): tag is Language => tag != null && tag in LANGUAGES

/** The language that was chosen here before, else the first of the browser's that we speak. */
export function preferredLanguage(): Language {
  const chosen = remembered()
  if (isLanguage(chosen)) return chosen
  return navigator.languages.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en'
}

function remembered(): string | null {
  try {
    return localStorage.getItem(REMEMBERED)
  } catch {
    return null // storage is forbidden here
  }
}

interface Spoken {
  language: Language
  words: AllWords
  /** Speaks another language from now on, and in this browser next time. Rejects when its words cannot be fetched. */
  speak: (language: Language) => Promise<void>
}

const SpokenContext = createContext<Spoken | null>(null)

/** Gives everything within it its words. Suspends until the first language is there. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [first] = useState(preferredLanguage)
  const [spoken, setSpoken] = useState({ language: first, words: use(loadWords(first)) })
  const { language } = spoken

  useEffect(() => {
    document.documentElement.lang = language
    document.documentElement.dir = LANGUAGES[language].dir
  }, [language])

  async function speak(next: Language) {
    setSpoken({ language: next, words: await loadWords(next) })
    try {
      localStorage.setItem(REMEMBERED, next)
    } catch {
      // Forbidden: then it holds as long as the page.
    }
  }
  return <SpokenContext value={{ ...spoken, speak }}>{children}</SpokenContext>
}

export function useLanguage(): Spoken {
  const spoken = useContext(SpokenContext)
  if (!spoken) throw new Error('useLanguage needs a LanguageProvider above it')
  return spoken
}

/** What the pages say, in the language that is spoken: `const words = useWords().chat`. */
export function useWords(): AllWords {
  return useLanguage().words
}
