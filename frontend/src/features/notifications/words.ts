import type { Delivery, NewReceiver } from '@/api/types'

/** The page that says who is told of an iteration's end. */
export const words = {
  title: 'Notifications',
  lead: 'Who is told when an iteration is held, fails or is deployed.',
  receivers: 'Receivers',
  none: 'Nobody is told yet.',
  noneForResearchers: 'Nobody is told yet. An admin adds receivers.',
  add: 'Add a receiver',
  kind: 'By',
  kinds: { webhook: 'Webhook', mail: 'Mail' },
  addresses: { webhook: 'Address of the webhook', mail: 'Mail address' },
  addressHelp: {
    webhook: 'With https://. It gets signed JSON; its secret is then shown, once.',
    mail: (from: string) => `Plain text, from ${from}.`,
  },
  noMail: 'No mail can be sent from here yet: the operator sets SMTP_URL and MAIL_FROM.',
  told: 'Told when an iteration is',
  events: {
    'iteration.held': 'held by the gate',
    'iteration.failed': 'failed',
    'iteration.deployed': 'deployed',
  } satisfies Record<NewReceiver['events'][number], string>,
  active: 'Is told',
  paused: 'Switched off',
  save: 'Save',
  cancel: 'Cancel',
  change: 'Change',
  test: 'Send a test',
  remove: 'Remove',
  removeTitle: (address: string) => `Remove ${address}`,
  removeQuestion: 'It is told nothing any more, and its log goes. What still waits for it is not sent.',
  secret: 'The secret of this webhook',
  secretHelp:
    'Copy it now: it is not shown again. The receiver needs it to tell that a message is ours (docs/seams.md, §5).',
  copy: 'Copy',
  copied: 'Copied',
  seen: 'I have copied it',
  counts: (waiting: number, givenUp: number) =>
    [waiting && `${waiting} on the way`, givenUp && `${givenUp} given up`].filter(Boolean).join(' · '),
  addedBy: (who: string | null, when: string) => `added ${who ? `by ${who} ` : ''}${when}`,

  log: 'Log',
  logLead: 'The newest hundred. A receiver that does not take it is asked again, for two days.',
  nothingSent: 'Nothing has been sent yet.',
  statuses: {
    waiting: 'On the way',
    delivered: 'Delivered',
    'given-up': 'Given up',
  } satisfies Record<Delivery['status'], string>,
  next: (when: string) => `next try ${when}`,
  tries: 'Tries',
  noTry: 'not tried yet',
  took: (ms: number) => `${ms.toLocaleString()} ms`,
  again: 'Send again',
}
