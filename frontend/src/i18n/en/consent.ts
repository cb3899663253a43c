/** What people agree to before they take part; the text itself comes from the server, by version. */
export const consent = {
  title: 'Please read this before you go on',
  lead: 'Taking part is your decision. Nothing is recorded until you agree.',
  text: 'What you agree to',
  version: 'Version {version}',
  agree: 'I have read this and agree',
  mustAgree: 'Please agree before you go on.',
  goOn: 'Agree and go on',
  signOut: 'I do not agree: sign out',
  leaveStudy: 'I do not agree: leave the study',
  ownPage: 'Open the text on a page of its own',
  changedMeanwhile: 'The text has just changed. This is the new one; please read it again.',
} as const
