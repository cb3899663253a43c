// Okabe and Ito's colours, told apart by nearly everybody; the first two lightened for dark pages.
const COLOURS = {
  light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'],
  dark: ['#56b4e9', '#e69f00', '#2fc79a', '#e3a0c4', '#f0e442', '#ff8b4d'],
}

/** Of the series at this place. */
export function colourOf(scheme: 'light' | 'dark', index: number): string {
  const colours = COLOURS[scheme]
  return colours[index % colours.length] ?? '#0072b2'
}
