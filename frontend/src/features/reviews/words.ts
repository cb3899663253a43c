import type { SomeShare } from '@/api/types'

const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString()} ${number === 1 ? one : many}`

export const words = {
  title: 'Reviews',
  lead: 'Pick blind what a crowdworker picked before you: the same dialogue, the same question, both responses in an order of your own. Then you see everything. It tells how far crowdworkers and researchers want the same.',
  begin: 'Review one',
  next: 'Next one (Enter)',
  skip: 'Skip this one',
  wanted: 'Drawn from',
  crowdworker: 'One crowdworker',
  tranche: 'One tranche',
  help: {
    crowdworker: 'A user name. Empty: whoever was reviewed least comes first',
    tranche: 'Its name, such as 2026-w48-online',
  },
  redTeam: 'Red-team conversations too',
  redTeamWarning:
    'Somebody tried there to make a policy say harmful things. Agree to the warning first: open any red-team conversation under Conversations. That you read one is recorded.',
  unread: 'Comparison to review',
  response: { a: 'Response A', b: 'Response B' },
  ends: {
    'pick-better': { a: 'A is better', b: 'B is better' },
    'pick-worse': { a: 'A is worse', b: 'B is worse' },
  },
  scale: 'Your pick, from A strongest to B strongest',
  step: (shown: 'a' | 'b', strength: number) => `${shown.toUpperCase()}, strength ${strength} of 4`,
  keys: 'Keys 1 to 8. Or A and B without a strength, S to skip.',
  pickSide: { a: 'Pick A, no strength', b: 'Pick B, no strength' },
  you: 'You',
  somebody: 'Somebody',
  strength: (strength: number | null) => (strength === null ? '' : `strength ${strength}`),
  same: (name: string) => `You and ${name} picked the same.`,
  other: (name: string) => `${name} picked the other one.`,
  skipped: 'Skipped. It does not come again.',
  pmScore: (score: number) => `PM score ${score.toFixed(2).replace('-', '−')}`,
  by: (policy: string) => `by ${policy}`,
  unknownPolicy: 'from a file',
  scoredBy: (pm: string) => `Scores by ${pm}.`,
  noScores: 'No PM has scored both.',
  open: 'The whole conversation',
  note: 'Note, for other researchers (optional)',
  keep: 'Keep the note',
  kept: 'Kept.',
  nothingLeft: 'Nothing left to review',

  summary: 'How far we agree',
  none: 'Nobody has reviewed anything yet.',
  counted: (reviews: number, skipped: number) =>
    `${count(reviews, 'review')}${skipped > 0 ? `, ${skipped.toLocaleString()} skipped` : ''}`,
  reviewer: 'Researcher',
  reviews: 'Reviews',
  withCrowdworkers: 'Same pick as crowdworkers',
  left: 'Picked the left one',
  pairs: 'Two on the same comparisons',
  both: 'Both reviewed',
  agreement: 'Same pick',
  kappa: 'Cohen’s κ',
  kappaHelp: 'Agreement beyond chance: 1 is always, 0 is what chance would give.',
  noPairs: 'No comparison has two reviews yet; every fifth draw is one that somebody has reviewed.',
  notEnough: 'Not enough data',
  share: (found: SomeShare) =>
    `${Math.round(100 * found.share)} % (${Math.round(100 * found.low)}–${Math.round(100 * found.high)})`,
}
