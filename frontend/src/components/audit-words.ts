const FIELDS: Record<string, string> = {
  active: 'in use',
  assignments_per_day: 'assignments a day',
  assignments_per_person: 'assignments in all',
  excluded_reason: 'left out because',
  may_edit: 'may edit responses',
  min_new_comparisons: 'new comparisons at least',
  pass_mark: 'right answers that qualify',
  pay_cents: 'pay, in hundredths',
  qualification_tries: 'tries',
  text_version: 'version',
}

export const changeWords = {
  field: (name: string) => FIELDS[name] ?? name.replaceAll('_', ' '),
  byItself: 'Turnwise',
  nothing: 'nothing',
  became: 'became',
  texts: 'Show what changed in the texts',
  sameLines: (count: string) => `${Number(count).toLocaleString()} lines as before`,
  removed: 'removed:',
  added: 'added:',

  lastChanged: (who: string | null, when: string) => `Last changed by ${who ?? 'Turnwise'} on ${when}`,
  neverChanged: 'As it came with the installation.',
  wholeHistory: 'All of them in the audit log',
}
