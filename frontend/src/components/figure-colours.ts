import type { Figure } from '@/api/types'

// Okabe and Ito's colours, told apart by nearly everybody; the first two lightened for dark pages.
const COLOURS = {
  light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'],
  dark: ['#56b4e9', '#e69f00', '#2fc79a', '#e3a0c4', '#f0e442', '#ff8b4d'],
}
const GREY = { light: '#5b6570', dark: '#9aa5b1' }

/** Of each series: its own, but a companion has that of the series before it, and what is not in question is grey. */
export function coloursOf(
  scheme: 'light' | 'dark',
  series: Pick<Figure['series'][number], 'role'>[],
): string[] {
  const colours = COLOURS[scheme]
  let latest = -1
  return series.map(({ role }) => {
    if (role === 'reference' || role === 'background') return GREY[scheme]
    if (role !== 'companion') latest += 1
    return colours[Math.max(0, latest) % colours.length] ?? GREY[scheme]
  })
}
