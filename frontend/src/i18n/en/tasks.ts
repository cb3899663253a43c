export const tasks = {
  title: 'What would you like to work on?',
  lead: 'Each task is a set of short conversations. You can stop at any time and come back later, on any device.',
  none: 'There is no task at the moment. Please come back later.',
  shape: {
    plural: 'conversations',
    one: '{conversations} conversation · up to {messages} messages',
    other: '{conversations} conversations · up to {messages} messages each',
  },
  pickWorse: 'Reversed: you choose the worse response',
  start: 'Start',
  resume: 'Continue',
  resumeAt: 'In progress: conversation {position} of {of}',
  done: 'Finished',
  code: 'Completion code',
  status: { open: 'In progress', completed: 'Completed', withdrawn: 'Stopped' },
  warningTitle: 'This task may show you upsetting text',
  warning: [
    'Here you try to make the assistant say harmful things, so that it can be taught not to. Its answers may be offensive, violent or otherwise disturbing.',
    'It is optional. Choose your own level of comfort; you can stop or change to another task at every turn. Never write about real people you know, and nothing that identifies you.',
  ],
  optIn: 'I understand and want to take part',
  optOut: 'No longer show me this kind of task',
} as const
