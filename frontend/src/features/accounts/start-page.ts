import type { Session } from '@/api/types'

/** Where somebody who has just signed in or up goes: to the page that asked for it, else to the start of their work. */
export function startPage(session: Session, state: unknown): string {
  const from = state && typeof state === 'object' && 'from' in state ? state.from : null
  if (typeof from === 'string' && !/^\/sign-(in|up)$/.test(from)) return from
  return session.account.role === 'crowdworker' ? '/' : '/admin'
}
