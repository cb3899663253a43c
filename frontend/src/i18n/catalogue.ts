/**
 * What a catalogue of strings is, and how the compiler holds a translation to the English one: a key or `{placeholder}`
 * that is missing or too many does not compile.
 *
 *     send: 'Send'                                                          → words.send
 *     position: 'Conversation {position} of {of}'                           → words.position({ position: 2, of: 5 })
 *     tries: { plural: 'count', one: '{count} try', other: '{count} tries' } → words.tries({ count: 1 })
 *     roles: { admin: 'Admin', … }                                          → words.roles[role]
 */
export interface Catalogue {
  readonly [key: string]: Message | Catalogue
}

type Message = string | readonly string[] | Plural

/** Forms by the plural categories of the language (`Intl.PluralRules`) for the number in the placeholder `plural`. */
interface Plural extends Partial<Readonly<Record<Intl.LDMLPluralRule, string>>> {
  readonly plural: string
  readonly other: string
}

type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never

type PlaceholderOf<Entry extends Message> = Entry extends string
  ? Placeholder<Entry>
  : Entry extends Plural
    ? Placeholder<Entry['other']> | Entry['plural']
    : never

type Values<Names extends string> = { readonly [Name in Names]: string | number }

/** A catalogue as the pages use it: texts are strings, and functions of their placeholders where they have some. */
export type Words<Entry> = Entry extends readonly string[]
  ? readonly string[]
  : Entry extends Message
    ? [PlaceholderOf<Entry>] extends [never]
      ? string
      : (values: Values<PlaceholderOf<Entry>>) => string
    : { readonly [Key in keyof Entry]: Words<Entry[Key]> }

/** The English entry's shape; a plural may be one plain text in a language that has only one form. */
type Shape<Entry> = Entry extends readonly string[]
  ? readonly string[]
  : Entry extends string
    ? string
    : Entry extends Plural
      ? string | Plural
      : { readonly [Key in keyof Entry]: Shape<Entry[Key]> }

type Exact<Entry, Translated> = Entry extends readonly string[]
  ? Translated
  : Entry extends Message
    ? Translated extends Message
      ? [PlaceholderOf<Entry>, PlaceholderOf<Translated>] extends [
          PlaceholderOf<Translated>,
          PlaceholderOf<Entry>,
        ]
        ? Translated
        : { error: 'The placeholders differ from the English ones:'; english: PlaceholderOf<Entry> }
      : never
    : {
        readonly [Key in keyof Translated]: Key extends keyof Entry
          ? Exact<Entry[Key], Translated[Key]>
          : never
      }

/** `translationOf<typeof english>()({ … })`: the same object, once the compiler has found it complete and exact. */
export function translationOf<English extends Catalogue>() {
  return <const Translated extends Shape<English>>(
    translated: Translated & Exact<English, Translated>,
  ): Translated => translated
}

/** The catalogue made ready: numbers are written and plurals chosen as the language does it. */
export function wordsOf<Entries extends Catalogue>(catalogue: Entries, language: string): Words<Entries> {
  const numbers = new Intl.NumberFormat(language)
  const plurals = new Intl.PluralRules(language)

  function fill(text: string, values: Values<string>): string {
    return text.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name]
      return typeof value === 'number' ? numbers.format(value) : String(value)
    })
  }
  function ready(entry: Message | Catalogue): unknown {
    if (Array.isArray(entry)) return entry
    if (typeof entry === 'string') {
      return entry.includes('{') ? (values: Values<string>) => fill(entry, values) : entry
    }
    if (isPlural(entry)) {
      return (values: Values<string>) =>
        fill(entry[plurals.select(Number(values[entry.plural]))] ?? entry.other, values)
    }
    return Object.fromEntries(
      Object.entries(entry as Catalogue).map(([key, inner]) => [key, ready(inner)] as const),
    )
  }
  return ready(catalogue) as Words<Entries>
}

function isPlural(entry: Message | Catalogue): entry is Plural {
  return typeof entry === 'object' && 'plural' in entry && typeof entry.plural === 'string'
}
