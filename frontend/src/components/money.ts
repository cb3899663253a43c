/** How many decimals a currency has: cents are its smallest unit, whatever that is (the won has no smaller one). */
export function decimalsOf(currency: string): number {
  return (
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  )
}

/** An amount as the language writes it: "$4.50", "₩4,500". */
export function money({ cents, currency }: { cents: number; currency: string }, language: string): string {
  return new Intl.NumberFormat(language, { style: 'currency', currency }).format(
    cents / 10 ** decimalsOf(currency),
  )
}
