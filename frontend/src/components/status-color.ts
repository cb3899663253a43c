const COLORS: Record<string, string> = {
  running: 'blue',
  succeeded: 'teal',
  deployed: 'teal',
  pass: 'teal',
  held: 'orange',
  failed: 'red',
  fail: 'red',
}

/** The colour of a status, always beside its word; grey for what is neither good nor bad. */
export function statusColor(status: string): string {
  return COLORS[status] ?? 'gray'
}
