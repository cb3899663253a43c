import type { Found } from '@/api/types'

const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString()} ${number === 1 ? one : many}`

export const words = {
  title: 'Conversations',
  lead: 'Everything that was said and chosen here, or imported. Not in this list: researchers’ previews, and what people had erased.',
  search: 'Words',
  searchPlaceholder: 'What was said, by either side',
  searchHelp: '"side by side" · begin* · -without. All words in one message or response.',
  find: 'Find',
  filters: 'Filters',
  on: (number: number) => `${number} on`,
  clear: 'Clear all',
  any: 'Any',
  task: 'Task',
  status: 'Status',
  statuses: { open: 'Open', completed: 'Completed', withdrawn: 'Withdrawn', importing: 'Importing' },
  crowdworker: 'Crowdworker',
  crowdworkerPlaceholder: 'User name',
  kind: 'Tranche kind',
  kinds: {
    base: 'Base',
    'rejection-sampled': 'Rejection-sampled',
    online: 'Online',
    imported: 'Imported',
  },
  snapshot: 'Snapshot',
  strength: 'Strength',
  strengths: { 1: '1 · barely', 2: '2 · somewhat', 3: '3 · strongly', 4: '4 · very strongly' },
  split: 'Split',
  splits: { train: 'Train', test: 'Test' },
  reported: 'Reports',
  reportedChoices: { any: 'Reported', open: 'Not handled yet' },
  edited: 'Edits',
  editedChoices: { true: 'With an edit', false: 'Without' },
  since: 'From',
  until: 'Until',
  counted: (number: number, all: boolean) =>
    all ? count(number, 'conversation') : `more than ${count(number, 'conversation')}`,
  older: 'Show older ones',
  nothingYet: 'No conversation yet.',
  nothingYetHelp: 'They come when crowdworkers talk to the policies, or with turnwise import-hh FILE.',
  noMatch: 'No conversation is like that.',
  noMatchHelp: 'Take a filter off, or look for the beginning of a word: basil*',
  notSearched:
    'Red-team conversations are left out while you look for words: you have not agreed to the warning. Open one to read it.',
  coveredRow: 'A red-team conversation; its words are shown when you open it.',
  empty: 'Nothing was said yet.',
  said: {
    human: (turn: number) => `Message ${turn}`,
    a: (turn: number) => `Response A to message ${turn}`,
    b: (turn: number) => `Response B to message ${turn}`,
    edited: (turn: number) => `Edited response to message ${turn}`,
  },
  facts: (row: Found) =>
    [
      count(row.turns, 'turn'),
      count(row.choices, 'choice'),
      row.strengths.length > 0 && `strength ${row.strengths.join(', ')}`,
      row.split,
    ]
      .filter(Boolean)
      .join(' · '),
  editedBadge: 'Edited',
  reports: (number: number, open: number) =>
    `${count(number, 'report')}${open > 0 ? `, ${open} not handled` : ''}`,

  // One conversation
  conversation: 'Conversation',
  back: 'All conversations',
  by: 'by',
  howTheyChoose: 'how they choose',
  from: 'from',
  left: 'somebody who has left',
  allOf: (username: string) => `All conversations of ${username}`,
  position: 'Place in its assignment',
  began: 'Begun',
  ended: 'Ended',
  family: 'Family',
  system: 'System message',
  rating: 'Overall rating',
  success: 'Success of the attack',
  harm: 'Harm',
  actionability: 'Actionability',
  outOf5: (rating: number) => `${rating} of 5`,
  comment: 'Crowdworker’s comment',
  plan: 'Plan of the attack',
  about: 'About this conversation',
  noTurns: 'Nothing was said in it.',

  warningTitle: 'A red-team conversation',
  warning: [
    'Somebody tried here to make a policy say harmful things. What you read may be offensive, violent or otherwise disturbing, and a policy may have gone along with it.',
    'Read it when your work needs it, and stop when you have had enough. Each time somebody opens one, that is recorded in the audit log.',
  ],
  agree: 'I understand, and agree to see such text when I open it',
  openQuestion: 'Its words are covered. That you open it is recorded.',
  open: 'Open this conversation',
  close: 'Cover it again',

  turn: (number: number) => `Turn ${number}`,
  wordsCovered: 'Covered',
  noText: 'No text.',
  candidates: { a: 'Response A', b: 'Response B', edited: 'Crowdworker’s version' },
  picked: 'Picked',
  chosenForTraining: 'Training’s better one',
  file: 'from a file',
  crowdworkerWrote: 'the crowdworker',
  score: 'PM score',
  scoreBy: (name: string) => `by ${name}`,
  tokens: 'Tokens',
  inOut: (prompt: number | null, completion: number | null) =>
    `${prompt ?? '?'} in, ${completion ?? '?'} out`,
  time: 'Time',
  times: (first: number | null, total: number | null) =>
    [first !== null && `first token ${seconds(first)}`, total !== null && `all ${seconds(total)}`]
      .filter(Boolean)
      .join(', '),
  finish: 'Ended by',
  allFields: 'All fields',
  deployment: 'Deployment',
  share: (generation: number, share: number, bestOf: number) =>
    `generation ${generation}, ${share} %${bestOf > 1 ? `, best of ${bestOf}` : ''}`,
  seed: 'Seed',
  sampling: 'Sampling',
  editedFrom: 'Edited from',
  trunk: 'The dialogue went on from it',
  yes: 'Yes',
  no: 'No',
  id: 'Id',
  bestOf: (number: number) => `All ${number} that were sampled`,
  reportReasons: {
    privacy: 'Private things about a person',
    illegal: 'Illegal',
    broken: 'Broken or unreadable',
    other: 'Something else',
  },
  reportBy: (who: string | null, when: string) => `reported by ${who ?? 'somebody who has left'}, ${when}`,
  handledBy: (who: string | null, when: string) => `handled by ${who ?? 'somebody who has left'}, ${when}`,
  notHandled: 'not handled yet',

  undecided: 'Nothing was chosen on this turn.',
  choice: (shown: string, strength: number | null, seconds: number | null) =>
    [
      shown === 'edited' ? 'Rewrote a response' : `Picked ${shown.toUpperCase()}`,
      strength !== null && `strength ${strength} of 4`,
      seconds !== null && `after ${Math.round(seconds * 10) / 10} s`,
    ]
      .filter(Boolean)
      .join(', '),
  directions: { 'pick-better': 'asked for the better one', 'pick-worse': 'asked for the worse one' },
  superseded: 'Replaced',
  earlier: (number: number) => count(number, 'earlier choice'),
  trancheKind: 'Kind',
  tranche: 'Tranche',
  noTranche: 'None yet',
  chosen: 'Chosen, for training',
  propensity: 'Propensity of the pair',
  textVersion: 'Version of the task’s text',
  made: 'Made',
  contentHash: 'Content hash',
  importLine: 'Line of the file',
  waiting: (why: string) => `Not in a tranche: ${why}`,
  leftOut: (why: string) => `Left out of tranches: ${why}`,
  leaveOut: 'Leave out',
  leaveOutTitle: 'Leave this comparison out',
  leaveOutQuestion: 'No new tranche takes it. Nothing is deleted, and the crowdworker is not told.',
  letIn: 'Let it in again',
  reason: 'Reason, for the record and the tranche’s list of exclusions',
  leaveOutPerson: 'Leave out this crowdworker',
  leaveOutPersonQuestion:
    'No new tranche takes what they chose or choose, until you let them in again. They go on as before and are not told; what is frozen stays.',
  letInPerson: 'Let this crowdworker in again',
  personLeftOut: (why: string) => `All of this crowdworker is left out of new tranches: ${why}`,

  message: {
    pasted: (characters: number) => `${count(characters, 'character')} pasted`,
    private: (kinds: string[]) => `sent although the page warned of: ${kinds.join(', ')}`,
    understood: 'Knew which response is wanted',
    notUnderstood: 'Did not know which response is wanted',
    attempts: (number: number) => `sampled ${number} times`,
  },
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
