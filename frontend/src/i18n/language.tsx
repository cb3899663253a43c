import { createContext, type ReactNode, use, useContext, useEffect, useState } from 'react'
import { keep, readKept } from '@/components/kept'
import { type Catalogue, type Words, wordsOf } from '@/i18n/catalogue'
import { english } from '@/i18n/english'
import { korean } from '@/i18n/korean'

/** Each language under its own name, with the direction it is written in, and the sentences of the server's refusals
 * where the server itself does not speak it. A new one is a line here and a catalogue. */
export const LANGUAGES = {
  en: { name: 'English', dir: 'ltr', areas: english, problems: null },
  ko: {
    name: '한국어',
    dir: 'ltr',
    areas: korean,
    problems: async () => (await import('@/i18n/ko/problems')).problems,
  },
} as const

export type Language = keyof typeof LANGUAGES
type Area = keyof typeof english
export type AllWords = { readonly [Name in Area]: Words<Awaited<ReturnType<(typeof english)[Name]>>> }

/** What has been fetched or is on its way: of a language only the areas that the pages seen so far have used. */
const loaded: Record<Language, Map<Area, Promise<unknown>>> = { en: new Map(), ko: new Map() }

export function loadWords(language: Language, area: Area): Promise<unknown> {
  const areas = loaded[language]
  let words = areas.get(area)
  if (!words) {
    words = (LANGUAGES[language].areas[area] as () => Promise<Catalogue>)().then((catalogue) => {
      const ready = wordsOf(catalogue, language)
      // By these React's `use` sees that there is nothing to wait for, also the first time it meets this promise.
      Object.assign(words as object, { status: 'fulfilled', value: ready })
      return ready
    })
    areas.set(area, words)
    words.catch(() => areas.delete(area)) // not there just now; the next try may find it
  }
  return words
}

/** `words.chat` are the words of the chat page. The first component to ask for an area suspends until it is there. */
function wordsIn(language: Language): AllWords {
  const areas = Object.keys(english) as Area[]
  return Object.defineProperties(
    {},
    Object.fromEntries(
      areas.map((area) => [area, { enumerable: true, get: () => use(loadWords(language, area)) }]),
    ),
  ) as AllWords
}

const REMEMBERED = 'turnwise:language'
const isLanguage = (tag: string | null | undefined): tag is Language =>
  tag != null && Object.hasOwn(LANGUAGES, tag)

/** The language that was chosen here before, else the first of the browser's that we speak. */
export function preferredLanguage(): Language {
  const chosen = readKept(REMEMBERED)
  if (isLanguage(chosen)) return chosen
  return navigator.languages.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en'
}

interface Spoken {
  language: Language
  words: AllWords
  /** Speaks another language from now on, and in this browser next time. Rejects when its words cannot be fetched. */
  speak: (language: Language) => Promise<void>
}

const SpokenContext = createContext<Spoken | null>(null)

/** Gives everything within it its words. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [{ language, words }, setSpoken] = useState(() => {
    const first = preferredLanguage()
    // Asked for at once, not only after the session is known.
    for (const area of ['shared', 'chat'] as const) loadWords(first, area).catch(() => undefined)
    return { language: first, words: wordsIn(first) }
  })

  useEffect(() => {
    document.documentElement.lang = language
    document.documentElement.dir = LANGUAGES[language].dir
  }, [language])

  async function speak(next: Language) {
    // All that is on screen is there before the first word changes.
    await Promise.all([...loaded[language].keys()].map((area) => loadWords(next, area)))
    setSpoken({ language: next, words: wordsIn(next) })
    keep(REMEMBERED, next)
  }
  return <SpokenContext value={{ language, words, speak }}>{children}</SpokenContext>
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
