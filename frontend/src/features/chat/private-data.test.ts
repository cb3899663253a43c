import { describe, expect, it } from 'vitest'
import { findPrivate } from './private-data'

const kinds = (text: string) => findPrivate(text).map((finding) => finding.kind)

describe('what may identify a person is found', () => {
  it.each([
    ['write to ada.lovelace+tea@mail.example.co.uk please', 'email', 'ada.lovelace+tea@mail.example.co.uk'],
    ['Card 4111 1111 1111 1111, valid until', 'card', '4111 1111 1111 1111'],
    ['5500-0055-5555-5559', 'card', '5500-0055-5555-5559'],
    ['my account is DE89 3704 0044 0532 0130 00.', 'iban', 'DE89 3704 0044 0532 0130 00'],
    ['GB82WEST12345698765432', 'iban', 'GB82WEST12345698765432'],
    ['SSN 536-90-4399', 'ssn', '536-90-4399'],
    ['제 번호는 900101-1234567 입니다', 'ssn', '900101-1234567'],
    ['call +44 20 7946 0958 today', 'phone', '+44 20 7946 0958'],
    ['call (415) 555-2671.', 'phone', '(415) 555-2671'],
    ['415-555-2671', 'phone', '415-555-2671'],
    ['010-1234-5678로 전화 주세요', 'phone', '010-1234-5678'],
    ['01012345678', 'phone', '01012345678'],
    ['030 1234 5678', 'phone', '030 1234 5678'],
    ['I live at 221 Baker Street in London', 'address', '221 Baker Street'],
    ['서울시 강남구 테헤란로 152에 살아요', 'address', '서울시 강남구 테헤란로 152'],
  ])('%s', (text, kind, found) => {
    expect(findPrivate(text)).toEqual([{ kind, text: found }])
  })

  it('each in its place, and nothing twice', () => {
    expect(kinds('Ring 415-555-2671, or write a@b.org; card 4111111111111111, or a@b.org')).toEqual([
      'phone',
      'email',
      'card',
      'email',
    ])
  })
})

describe('what only looks like it is left alone', () => {
  it.each([
    'In 1984 there were 2,400,000 of them, 12.5 % more than in 1983.',
    'Pi is 3.14159265358979 and e is 2.718281828',
    'The meeting is on 2026-11-24 at 10:30, or 24.11.2026.',
    'Is 4111 1111 1111 1112 a valid card number?', // its check digit is wrong
    'DE88 3704 0044 0532 0130 00', // its check digits are wrong
    'ISBN 978-3-16-148410-0',
    'for i in range(1000000): print(i * 31337)',
    'server at 192.168.0.1:8080, mask 255.255.255.0',
    'someone@example.com', // reserved for examples
    'a @mention and 3 @ 5 dollars',
    '0000000000000000',
    'we counted 12 green street fairs',
    '100-00-1234 and 000-12-3456',
    'order 991301-1234567', // no month 13
    '',
  ])('%s', (text) => {
    expect(kinds(text)).toEqual([])
  })
})

it('a long text is looked through at once', () => {
  const text = `${'1 2-3 a.b@ (0) +4 서울시 '.repeat(6_000)}a@b.org`
  const start = performance.now()
  expect(kinds(text).at(-1)).toBe('email')
  expect(performance.now() - start).toBeLessThan(2_000) // about 0.1 s on a quiet machine
})
