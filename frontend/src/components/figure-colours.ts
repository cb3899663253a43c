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

// Blue above and orange below 50, as in charts.
const TONES = { light: ['#56b4e9', '#f0a35c'], dark: ['#0072b2', '#a04700'] } as const

/** The ground of a matrix's cell: the further from 50 %, the stronger. */
export function warmth(scheme: 'light' | 'dark', percent: number): { colour: string; strength: number } {
  const [over, under] = TONES[scheme]
  return { colour: percent < 50 ? under : over, strength: Math.min(1, Math.abs(percent - 50) / 50) * 0.7 }
}
