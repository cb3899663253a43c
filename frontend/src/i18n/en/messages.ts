/** The line between a crowdworker and the researchers, on the crowdworker's side. */
export const messages = {
  title: 'Messages',
  lead: 'Questions, problems, ideas: the researchers read this and answer here.',
  none: 'No messages yet. Write the first one below.',
  you: 'You',
  researchers: 'Researchers',
  aboutTurn: 'About a message in a conversation',
  message: 'Your message to the researchers',
  placeholder: 'What would you like to ask or tell?',
  send: 'Send',
  keys: 'Ctrl + Enter',
  sends: 'sends',
  isNew: 'New',
} as const
