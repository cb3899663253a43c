const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString()} ${number === 1 ? one : many}`

export const words = {
  title: 'Pay',
  lead: 'What ended assignments have earned, and bonuses. An export takes all that is due, and is a file for whoever pays; what it holds is never due again. Nothing is paid from here.',
  due: 'Due',
  dueLine: (assignments: number, bonuses: number, people: number) =>
    `${count(assignments, 'assignment')} and ${count(bonuses, 'bonus', 'bonuses')} of ${count(people, 'person', 'people')}`,
  nothingDue: 'Nothing is due.',
  nothingDueHelp: 'An assignment is due when it has ended and its task says a pay (under Task texts).',
  export: 'Export what is due',
  exportQuestion:
    'All of it goes into one file and counts as handed over. The file can be had again at any time.',
  until: 'Only assignments that ended by',
  untilHelp: 'A day (UTC); empty: all. Bonuses are always taken.',
  bonuses: 'Bonuses that wait for the next export',
  noBonuses: 'None. Give one on a crowdworker’s page, or several by a file.',
  who: 'Who',
  amount: 'Amount',
  reason: 'Reason',
  given: 'Given',
  takeBack: 'Take back',
  takeBackTitle: (who: string) => `Take back the bonus of ${who}`,
  takeBackQuestion: 'It is as if it had not been given.',
  file: 'Add bonuses by a file',
  fileHelp:
    'CSV, a line each: user name or platform id, amount, reason. It is taken whole or not at all, and the same file once.',
  fileExample: 'mina,2.50,Helped with the guide',
  lines: 'Lines, or choose a file',
  choose: 'CSV file',
  currency: 'Currency',
  add: 'Add them',
  added: (bonuses: number, total: string) => `${count(bonuses, 'bonus', 'bonuses')} added, ${total} in all.`,
  exports: 'Exports',
  noExports: 'Nothing was exported yet.',
  when: 'When',
  by: 'By',
  payments: 'Payments',
  total: 'Total',
  download: 'CSV',
  downloadOf: (when: string) => `The export of ${when} as CSV`,
  upTo: (day: string) => `ended by ${day}`,
}
