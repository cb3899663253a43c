import { describe, expect, it } from 'vitest'
import { translationOf, wordsOf } from '@/i18n/catalogue'
import { english } from '@/i18n/english'
import { korean } from '@/i18n/korean'

const small = {
  send: 'Send',
  position: 'Conversation {position} of {of}',
  tries: { plural: 'count', one: '{count} try left', other: '{count} tries left' },
  roles: { admin: 'Admin', researcher: 'Researcher' },
  subjects: ['history', 'bread'],
} as const

describe('the words made from a catalogue', () => {
  const words = wordsOf(small, 'en')

  it('are strings, or functions of their placeholders', () => {
    expect(words.send).toBe('Send')
    expect(words.position({ position: 2, of: 5 })).toBe('Conversation 2 of 5')
    expect(words.roles.admin).toBe('Admin')
    expect(words.subjects).toEqual(['history', 'bread'])
  })

  it('choose the plural by the number, as the language does', () => {
    expect(words.tries({ count: 1 })).toBe('1 try left')
    expect(words.tries({ count: 0 })).toBe('0 tries left')
  })

  it('write numbers as the language does', () => {
    expect(words.tries({ count: 12345 })).toBe('12,345 tries left')
    expect(wordsOf(small, 'de').tries({ count: 12345 })).toBe('12.345 tries left')
  })

  it('leave what a person wrote as it is, braces too', () => {
    expect(words.position({ position: '{of}', of: '$&' })).toBe('Conversation {of} of $&')
  })
})

describe('a translation', () => {
  const translation = translationOf<typeof small>()
  const korean = {
    send: '보내기',
    position: '대화 {of}개 중 {position}번째',
    tries: '{count}번 남음',
    roles: { admin: '관리자', researcher: '연구자' },
    subjects: ['역사'],
  } as const

  it('may order its placeholders and have one form where English has two', () => {
    const words = wordsOf(translation(korean), 'ko')
    expect(words.position({ position: 2, of: 5 })).toBe('대화 5개 중 2번째')
    expect(words.tries({ count: 1 })).toBe('1번 남음')
  })

  // Each of these is checked by the compiler (`npm run typecheck`): an error that is expected and absent is an error.
  it('does not compile with a key or a placeholder missing or too many', () => {
    const { send, ...rest } = korean
    // @ts-expect-error send is missing
    translation(rest)
    // @ts-expect-error sent is not in the English catalogue
    translation({ ...korean, sent: send })
    // @ts-expect-error a role is missing
    translation({ ...korean, roles: { admin: '관리자' } })
    // @ts-expect-error one role too many
    translation({ ...korean, roles: { ...korean.roles, owner: '주인' } })
    // @ts-expect-error {of} is missing
    translation({ ...korean, position: '{position}번째 대화' })
    // @ts-expect-error {total} is not in the English text
    translation({ ...korean, position: '대화 {of}개 중 {position}번째 ({total})' })
    // @ts-expect-error {count} is missing in a plural
    translation({ ...korean, tries: '남음' })
    // @ts-expect-error a text in the place of a list
    translation({ ...korean, subjects: '역사' })
    // @ts-expect-error a value is missing
    wordsOf(small, 'en').position({ position: 2 })
  })
})

/** Every text of a catalogue with its path. */
function texts(entry: unknown, path = ''): [string, string][] {
  if (typeof entry === 'string') return [[path, entry]]
  return Object.entries(entry as object).flatMap(([key, inner]) => texts(inner, `${path}.${key}`))
}

describe('the Korean catalogue', () => {
  // Names, letters and keys of the keyboard are the same in both.
  const SAME = ['Turnwise', 'A', 'B', 'Ctrl + Enter', 'Prolific', 'Amazon Mechanical Turk']

  it('says everything in Korean', async () => {
    const areas = await Promise.all(Object.entries(korean).map(async ([area, load]) => [area, await load()]))
    const untranslated = texts(Object.fromEntries(areas))
      .filter(([path, text]) => !path.endsWith('.plural') && !SAME.includes(text))
      .filter(([, text]) => /\p{L}/u.test(text.replace(/\{\w+\}/g, '')) && !/[가-힣]/.test(text))
    expect(untranslated).toEqual([])
  })

  it('has the areas of the English one', () => {
    expect(Object.keys(korean)).toEqual(Object.keys(english))
  })
})
