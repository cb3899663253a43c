import type { Catalogue } from '@/i18n/catalogue'
import type { english } from '@/i18n/english'
import { account } from '@/i18n/ko/account'
import { accounts } from '@/i18n/ko/accounts'
import { chat } from '@/i18n/ko/chat'
import { consent } from '@/i18n/ko/consent'
import { guide } from '@/i18n/ko/guide'
import { messages } from '@/i18n/ko/messages'
import { qualification } from '@/i18n/ko/qualification'
import { shared } from '@/i18n/ko/shared'
import { studies } from '@/i18n/ko/studies'
import { tasks } from '@/i18n/ko/tasks'

// An area that English has and this lacks does not compile; what is in them, each file checks for itself.
export const korean = {
  shared,
  accounts,
  consent,
  tasks,
  guide,
  qualification,
  chat,
  account,
  messages,
  studies,
} as const satisfies Record<
  keyof typeof english,
  Catalogue
>
