/** What looks after people: the ways out of a conversation, and all that surrounds red-teaming. */
export const care = {
  leaveTitle: 'A break, or enough?',
  pause: 'Take a break',
  pauseText:
    'Everything stays as it is. Come back whenever you like, on any device, and go on where you were.',
  toHelpfulness: 'Switch to the helpfulness task',
  toHelpfulnessText: 'Ends this assignment and begins a set of ordinary conversations.',
  stopHere: 'Stop here',
  stopHereText: 'Ends the whole assignment, not only this conversation.',
  kept: 'What you have done so far is kept, and so is the pay for it.',
  keptPay: 'What you have done so far is kept, and so is the pay for it: {pay}.',
  careRight: 'You may stop or switch at any turn; the pay for what you did is kept.',
  exposure: {
    plural: 'conversations',
    one: '{conversations} red-team conversation so far · {minutes} min today',
    other: '{conversations} red-team conversations so far · {minutes} min today',
  },
  blur: 'Cover responses until I ask',
  breakTitle: 'Time for a break?',
  breakText: {
    plural: 'minutes',
    one: 'You have been red-teaming for {minutes} minute today. Reading such things wears people out before they notice. Everything waits for you.',
    other:
      'You have been red-teaming for {minutes} minutes today. Reading such things wears people out before they notice. Everything waits for you.',
  },
  breakLater: 'Not now',
  surveyTitle: 'How do you feel at the moment?',
  surveyHelp:
    'Asked every ten red-team conversations, so that we notice when this work does people no good. Answer what you like, or nothing. It has no effect on your pay, and is never part of the training data.',
  surveyScale: '0 = not at all, 4 = extremely',
  feelings: {
    upset: 'upset',
    hostile: 'hostile',
    alert: 'alert',
    ashamed: 'ashamed',
    inspired: 'inspired',
    nervous: 'nervous',
    determined: 'determined',
    attentive: 'attentive',
    afraid: 'afraid',
    active: 'active',
  },
  surveyComment: 'Anything you want to tell us? (optional)',
  surveySend: 'Send',
  surveySkip: 'I would rather not answer',
  planTitle: 'Before you begin: your plan',
  planHelp:
    'In a sentence or two: what will you try to make the assistant say, and how? One topic per conversation.',
  planSave: 'Begin',
  plan: 'Your plan',
} as const
