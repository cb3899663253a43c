import { account } from '@/i18n/en/account'
import { accounts } from '@/i18n/en/accounts'
import { chat } from '@/i18n/en/chat'
import { consent } from '@/i18n/en/consent'
import { guide } from '@/i18n/en/guide'
import { messages } from '@/i18n/en/messages'
import { qualification } from '@/i18n/en/qualification'
import { shared } from '@/i18n/en/shared'
import { studies } from '@/i18n/en/studies'
import { tasks } from '@/i18n/en/tasks'

/** Everything that crowdworkers read on the page, one file per area. The texts of tasks come from the server. */
export const english = {
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
} as const
