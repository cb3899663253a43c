import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach, beforeAll, vi } from 'vitest'
import { english } from '@/i18n/english'
import { loadWords } from '@/i18n/language'

// On a busy machine a page that is fetched in parts takes its time; waiting longer costs nothing when all is well.
configure({ asyncUtilTimeout: 15_000 })

// What jsdom has no layout for.
window.matchMedia = (query) =>
  ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
  }) as unknown as MediaQueryList
Element.prototype.scrollIntoView = () => undefined
globalThis.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
}

// Words that are here already: `act` does not wait for what it rendered without being awaited.
beforeAll(async () => {
  await Promise.all(Object.keys(english).map((area) => loadWords('en', area as keyof typeof english)))
})

afterEach(() => {
  cleanup()
  localStorage.clear()
  vi.unstubAllGlobals()
})

// jsdom knows the dialog element, but not that it can be opened.
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  this.open = false
}
