/** Everything that crowdworkers read on the page, one file per area, fetched when a page first needs it. The texts of
 * tasks come from the server; researchers' pages keep their English words beside them. */
export const english = {
  shared: async () => (await import('@/i18n/en/shared')).shared,
  accounts: async () => (await import('@/i18n/en/accounts')).accounts,
  consent: async () => (await import('@/i18n/en/consent')).consent,
  tasks: async () => (await import('@/i18n/en/tasks')).tasks,
  guide: async () => (await import('@/i18n/en/guide')).guide,
  qualification: async () => (await import('@/i18n/en/qualification')).qualification,
  chat: async () => (await import('@/i18n/en/chat')).chat,
  care: async () => (await import('@/i18n/en/care')).care,
  ending: async () => (await import('@/i18n/en/ending')).ending,
  account: async () => (await import('@/i18n/en/account')).account,
  messages: async () => (await import('@/i18n/en/messages')).messages,
  studies: async () => (await import('@/i18n/en/studies')).studies,
}
