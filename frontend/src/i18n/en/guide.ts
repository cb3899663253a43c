export const guide = {
  back: 'All tasks',
  guide: 'Guide',
  none: 'This task has no guide. Its instructions open with the first conversation.',
  toTasks: 'Back to the tasks',
} as const
