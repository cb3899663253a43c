/** What participants of a crowd platform read: the way in, and the way back with a code. */
export const studies = {
  entering: 'Opening the study…',
  cannotOpen: 'This study cannot be opened',
  openAgain:
    'Open the study again from the platform’s page. If it happens again, tell the researchers there.',
  signedInAlready: 'Sign out and open the study',
  platforms: { prolific: 'Prolific', mturk: 'Amazon Mechanical Turk' },
  ends: {
    completed: 'All done, thank you',
    'screened-out': 'Thank you for trying',
    withdrawn: 'You have left the study',
  },
  endTexts: {
    completed: 'You have completed the study. Hand in this code so that {platform} knows.',
    'screened-out':
      'You did not qualify for this study, so it ends here. Hand in this code so that {platform} knows.',
    withdrawn: 'What you did so far is kept. Hand in this code so that {platform} knows that you stopped.',
  },
  code: 'Your code',
  back: 'Back to {platform}',
  pasteInFrame: 'Copy the code, go back to the tab of the HIT, paste it there and submit.',
  open: 'Your study is still open.',
  goOn: 'Go on',
  noVisit: 'You did not come here from a crowd platform, so there is no code for you.',
  frame: {
    preview: 'This is a preview. Accept the HIT on Mechanical Turk first, then begin here.',
    howTitle: 'How it works',
    how: [
      'Open the study with the button below. It opens in a new tab; keep this one.',
      'Do the task there. At its end you get a code.',
      'Paste the code here and submit the HIT.',
    ],
    open: 'Open the study in a new tab',
    newTab: '(opens in a new tab)',
    code: 'Code from the end of the study',
    submit: 'Submit the HIT',
  },
} as const
