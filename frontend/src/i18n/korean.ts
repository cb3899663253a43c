import type { Catalogue } from '@/i18n/catalogue'
import type { english } from '@/i18n/english'
import { accounts } from '@/i18n/ko/accounts'
import { chat } from '@/i18n/ko/chat'
import { shared } from '@/i18n/ko/shared'
import { tasks } from '@/i18n/ko/tasks'

// An area that English has and this lacks does not compile; what is in them, each file checks for itself.
export const korean = { shared, accounts, tasks, chat } as const satisfies Record<
  keyof typeof english,
  Catalogue
>
