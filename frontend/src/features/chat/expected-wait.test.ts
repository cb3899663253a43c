import { expect, it } from 'vitest'
import { secondsLeft, spell } from './expected-wait'

it('a queue that has moved says how long it will take', () => {
  const first = { position: 6, at: 0 }
  expect(secondsLeft(first, { position: 4, at: 10_000 })).toBe(20) // two in ten seconds, four to go
  expect(secondsLeft(first, { position: 0, at: 30_000 })).toBe(0)
})

it('nothing is promised of a queue that stands still or has grown', () => {
  expect(secondsLeft({ position: 3, at: 0 }, { position: 3, at: 60_000 })).toBeNull()
  expect(secondsLeft({ position: 3, at: 0 }, { position: 4, at: 60_000 })).toBeNull()
})

it('time is told in the language of the page', () => {
  expect(spell(1, 'en')).toBe('1 second')
  expect(spell(40, 'en')).toBe('40 seconds')
  expect(spell(150, 'en')).toBe('3 minutes')
  expect(spell(40, 'ko')).toBe('40초')
})
