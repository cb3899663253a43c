const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString()} ${number === 1 ? one : many}`

export const words = {
  title: 'Exports',
  lead: 'Comparisons as files, to train elsewhere or to keep. A job writes each one, with all rows as they were at one moment; the file stays for some days.',
  new: 'New export',
  what: 'What',
  everything: 'Everything there is now',
  iterations: 'All tranches of an iteration',
  tranches: 'One tranche',
  task: 'Task',
  allTasks: 'All tasks',
  tasks: { helpfulness: 'Helpfulness', 'red-team': 'Red-teaming' },
  format: 'Format',
  start: 'Write the file',
  warning:
    'Red-team conversations hold offensive and harmful text. To export them, agree to the warning in your account first.',
  toAccount: 'Your account',

  none: 'No export yet',
  noneWhy: 'Choose above what you want. The same can be had in a terminal: turnwise export --format hh OUT.',
  all: 'The newest exports',
  of: (what: string, task: string | null) => (task ? `${what}, ${task.toLowerCase()}` : what),
  tranche: (name: string) => `Tranche ${name}`,
  iteration: (name: string) => `All tranches of ${name}`,
  everythingShort: 'Everything',
  asked: (who: string | null, when: string) => `asked for by ${who ?? 'somebody who has left'}, ${when}`,
  statuses: {
    waiting: 'Waiting',
    running: 'Writing',
    done: 'Done',
    failed: 'Failed',
    cancelled: 'Cancelled',
    deleted: 'Deleted',
  },
  waits: 'Waits for a worker, or for the export before it.',
  waitsLong: 'It has waited for a while: does the process “worker” run?',
  counting: 'Counting and sorting …',
  progress: (done: number, total: number) => `${done.toLocaleString()} of ${count(total, 'comparison')}`,
  stopping: 'Stops in a moment …',
  written: (rows: number, size: string) => `${count(rows, 'comparison')}, ${size}`,
  until: (when: string) => `until ${when}`,
  digest: 'sha256',
  download: 'Download',
  downloadOf: (name: string) => `Download ${name}`,
  notAllowed: 'Holds red-team conversations: agree to the warning in your account to download it.',
  cancel: 'Cancel',
  delete: 'Delete',
  deleteTitle: 'Delete this file',
  deleteQuestion: 'The file goes now; the row stays as a record. It can be written again.',
  bytes: (bytes: number) => {
    if (bytes < 1000) return `${bytes} bytes`
    const units = ['kB', 'MB', 'GB', 'TB']
    const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length)
    return `${(bytes / 1000 ** power).toLocaleString(undefined, { maximumSignificantDigits: 3 })} ${units[power - 1]}`
  },
}
