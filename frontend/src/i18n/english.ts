import { accounts } from '@/i18n/en/accounts'
import { chat } from '@/i18n/en/chat'
import { shared } from '@/i18n/en/shared'
import { tasks } from '@/i18n/en/tasks'

/** Everything that crowdworkers read on the page, one file per area. The texts of tasks come from the server. */
export const english = { shared, accounts, tasks, chat } as const
