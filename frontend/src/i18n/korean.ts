import type { Catalogue } from '@/i18n/catalogue'
import type { english } from '@/i18n/english'

// An area that English has and this lacks does not compile; what is in them, each file checks for itself.
export const korean = {
  shared: async () => (await import('@/i18n/ko/shared')).shared,
  accounts: async () => (await import('@/i18n/ko/accounts')).accounts,
  consent: async () => (await import('@/i18n/ko/consent')).consent,
  tasks: async () => (await import('@/i18n/ko/tasks')).tasks,
  guide: async () => (await import('@/i18n/ko/guide')).guide,
  qualification: async () => (await import('@/i18n/ko/qualification')).qualification,
  chat: async () => (await import('@/i18n/ko/chat')).chat,
  care: async () => (await import('@/i18n/ko/care')).care,
  ending: async () => (await import('@/i18n/ko/ending')).ending,
  account: async () => (await import('@/i18n/ko/account')).account,
  messages: async () => (await import('@/i18n/ko/messages')).messages,
  studies: async () => (await import('@/i18n/ko/studies')).studies,
} satisfies Record<keyof typeof english, () => Promise<Catalogue>>
