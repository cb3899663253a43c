/** Where a turn stood in the queue, and when (milliseconds). */
export interface Standing {
  position: number
  at: number
}

/** Seconds until it is this turn's turn, if the queue goes on as fast as it has since the first look; `null` until it
 * has moved. */
export function secondsLeft(first: Standing, last: Standing): number | null {
  const passed = first.position - last.position
  if (passed <= 0 || last.at <= first.at) return null
  return Math.ceil(((last.at - first.at) / 1000 / passed) * last.position)
}

/** "40 seconds", "3 minutes", as the language writes it. */
export function spell(seconds: number, language: string): string {
  const [value, unit] =
    seconds < 90 ? [Math.max(1, Math.round(seconds)), 'second'] : [Math.round(seconds / 60), 'minute']
  return new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'long' }).format(
    value as number,
  )
}
