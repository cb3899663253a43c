const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString()} ${number === 1 ? one : many}`

export const words = {
  title: 'Tranches',
  lead: 'Frozen, named and hashed sets of comparisons: what every PM and policy was trained on. An iteration freezes what is new and trains on all of them.',
  none: 'No tranche yet',
  noneWhy:
    'The first iteration freezes what crowdworkers have chosen and what was imported, one tranche for each kind.',
  toIterations: 'Start an iteration',
  name: 'Tranche',
  kind: 'Kind',
  kinds: {
    base: 'Base',
    'rejection-sampled': 'Rejection-sampled',
    online: 'Online',
    imported: 'Imported',
  },
  comparisons: 'Comparisons',
  conversations: 'Conversations',
  leftOut: 'Left out',
  erased: 'Erased since',
  frozenBy: 'Frozen by',
  when: 'When',
  total: (comparisons: number, tranches: number) =>
    `${count(comparisons, 'comparison')} in ${count(tranches, 'tranche')}`,

  back: 'All tranches',
  of: (comparisons: number, conversations: number) =>
    `${count(comparisons, 'comparison')} in ${count(conversations, 'conversation')}`,
  frozen: (when: string) => `frozen on ${when}`,
  by: 'by iteration',
  chosenFrom: (first: string, last: string) =>
    first === last ? `chosen on ${first}` : `chosen from ${first} to ${last}`,
  hash: 'Content hash',
  export: 'Export this tranche',
  file: 'Datasheet as Markdown',
  limits: 'What to know before you train on it',

  asked: 'What people were asked',
  version: (version: number) => `version ${version}`,
  strength: 'How strongly',
  strengths: {
    '1': '1 · barely',
    '2': '2 · somewhat',
    '3': '3 · strongly',
    '4': '4 · very strongly',
    none: 'not asked',
  } as Record<string, string>,
  split: 'Side of the split',
  splits: { train: 'Train', test: 'Test' } as Record<string, string>,
  turn: 'Turn of the conversation',
  nthTurn: (turn: string) => `Turn ${turn}`,
  directions: 'Asked to pick',
  direction: { 'pick-better': 'the better one', 'pick-worse': 'the worse one' } as Record<string, string>,

  who: 'Who gave it',
  crowdworkers: (number: number) => count(number, 'crowdworker'),
  largest: 'The largest shares, without names',
  nth: (place: number) => `${place}.`,
  others: (number: number) => `${count(number, 'other')}`,
  ofFiles: (number: number) => `${count(number, 'comparison')} came from files.`,
  digest: 'sha256',
  seconds: 'Seconds to choose',
  firstPicked: 'Picked the response shown as A',

  met: 'Who was compared',
  policies: 'Policies',
  propensity: 'Propensity of the pair',
  propensityHelp: 'The probability of this pair at the draw, from the shares; a range when those changed.',
  more: (pairs: number, comparisons: number) =>
    `and ${count(comparisons, 'comparison')} of ${count(pairs, 'more pair')}`,
  noTwo: (number: number) =>
    `${count(number, 'comparison')} ${number === 1 ? 'is' : 'are'} not between what two policies wrote (imported, edited).`,
  itself: 'with itself',

  texts: 'Its words',
  characters: 'Characters',
  lengths: { message: 'Message', chosen: 'Chosen', rejected: 'Rejected' } as Record<string, string>,
  p5: '5 %',
  median: 'Median',
  p95: '95 %',
  most: 'Longest',
  longer: 'Chose the longer response',
  script: 'Script of the first message',
  scripts: (name: string) => (name === 'none' ? 'no letters' : name),

  origin: 'How it came about',
  nothingLeftOut: 'Nothing of its kind was left out when it was frozen.',
  leftOutHelp: 'Left out when it was frozen, by reason. They are not gone: a later tranche may take them.',
  erasedSince: (number: number) =>
    number === 0
      ? 'Nobody who gave it has had their data erased.'
      : `${count(number, 'comparison')} erased since, at their crowdworker’s wish.`,

  use: 'What it was used for',
  unused: 'No iteration has trained on it.',
  trained: 'trained on it',
  madeNothing: 'no snapshot yet',
  snapshotKinds: { pm: 'PM', policy: 'policy' },
  statuses: {
    running: 'running',
    deployed: 'deployed',
    held: 'held',
    failed: 'failed',
    cancelled: 'cancelled',
    skipped: 'skipped',
  },

  again: 'How to get it again, and check it',
  commands: {
    export: 'Writes its comparisons to a file.',
    datasheet: 'Prints this page as Markdown.',
    check: 'Hashes every word again and says whether one has changed.',
  } as Record<string, string>,
  sameHash:
    'The content hash is over its members’ own hashes: the same comparisons have the same one in any database.',
  counting:
    'It was frozen by an older release. A job is counting what a datasheet tells; this page shows it in a minute.',
  notEnough: 'Not enough data',
  percent: (part: number, of: number) => {
    const share = (100 * part) / of
    return `${share.toLocaleString(undefined, { maximumFractionDigits: share < 10 ? 1 : 0 })} %`
  },
}
