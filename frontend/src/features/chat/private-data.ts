import type { NewTurn } from '@/api/types'

export type PrivateKind = NonNullable<NewTurn['private_kinds']>[number]

export interface Finding {
  kind: PrivateKind
  text: string
}

interface Detector {
  kind: PrivateKind
  pattern: RegExp
  /** What the form alone cannot tell from another number. */
  holds?: (text: string) => boolean
}

const digitsOf = (text: string) => text.replace(/\D/g, '')

/** The check digit of payment cards: every second digit from the right doubled, the sum divisible by ten. */
function hasLuhn(text: string): boolean {
  const digits = digitsOf(text)
  if (/^(\d)\1*$/.test(digits)) return false // 0000…: nobody's
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}

/** The check digits of an IBAN (ISO 13616): the first four to the end, letters as 10 … 35, the whole is 1 modulo 97. */
function hasIbanChecksum(text: string): boolean {
  const compact = text.replace(/\s/g, '').toUpperCase()
  const numbers = `${compact.slice(4)}${compact.slice(0, 4)}`.replace(/[A-Z]/g, (letter) =>
    String(letter.charCodeAt(0) - 55),
  )
  return [...numbers].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1
}

/** Six digits of a birthday, as a Korean resident number begins. */
function startsWithBirthday(text: string): boolean {
  const [month, day] = [Number(text.slice(2, 4)), Number(text.slice(4, 6))]
  return month >= 1 && month <= 12 && day >= 1 && day <= 31
}

const isPhoneLong = (text: string) => digitsOf(text).length >= 8 && digitsOf(text).length <= 15

// In the order in which they take their text: what is a card number is not asked whether it is a phone number.
const DETECTORS: readonly Detector[] = [
  {
    kind: 'email',
    pattern: /[\p{L}\d._%+-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)*\.\p{L}{2,}/giu,
    holds: (text) => !/@example\.(com|org|net)$/i.test(text), // reserved for examples: nobody's
  },
  {
    kind: 'iban',
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?\b/gi,
    holds: hasIbanChecksum,
  },
  { kind: 'card', pattern: /(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d.,-]?\d)/g, holds: hasLuhn },
  {
    kind: 'ssn', // the Korean one
    pattern: /(?<!\d)\d{6}[- ]?[1-8]\d{6}(?!\d)/g,
    holds: startsWithBirthday,
  },
  { kind: 'ssn', pattern: /(?<![\d-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\d-])/g },
  {
    kind: 'phone',
    pattern: /(?<![\d.]|\d )(?:\+|00)[1-9]\d{0,2}(?:[ ().-]{0,2}\d{1,4}){2,6}(?!\d)/g,
    holds: isPhoneLong,
  },
  { kind: 'phone', pattern: /(?<![\d.])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}(?!\d)/g },
  { kind: 'phone', pattern: /(?<![\d.,]|\d )\(?0\d{1,4}\)?[ .-]\d{3,4}[ .-]?\d{3,4}(?!\d| \d)/g },
  { kind: 'phone', pattern: /(?<!\d)01[016789]\d{7,8}(?!\d)/g },
  {
    kind: 'address',
    pattern:
      /(?<!\d)\d{1,5} (?:[NSEW]\.? )?(?:[A-Z][\p{L}'.]* ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Court|Square)\b/gu,
  },
  { kind: 'address', pattern: /[가-힣]+[시군구] (?:[가-힣\d]+[읍면동구] )?[가-힣\d]+[로길] ?\d+(?:-\d+)?/g },
]

/**
 * What in a message may identify a person, by form and, where there are some, check digits. A warning, never a bar: the
 * writer knows better what is made up or public. Nothing of it leaves the browser but the kinds.
 */
export function findPrivate(text: string): Finding[] {
  let rest = text
  const found: { finding: Finding; at: number }[] = []
  for (const { kind, pattern, holds } of DETECTORS) {
    rest = rest.replace(pattern, (match, ...others) => {
      if (holds && !holds(match)) return match
      found.push({
        finding: { kind, text: match.trim() },
        at: others.find((one) => typeof one === 'number') as number,
      })
      return ' '.repeat(match.length)
    })
  }
  return found.sort((one, two) => one.at - two.at).map(({ finding }) => finding)
}
