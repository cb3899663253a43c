import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import type { AuditSubject } from '@/api/types'
import { words } from './words'

/** Where a thing of this kind is found; what is not listed has no page. */
const PAGES: Record<string, (id: string, name: string) => string> = {
  account: (_, name) => `/admin/people?q=${encodeURIComponent(name)}`,
  comparison: (id) => `/admin/conversations/${id}`,
  consent: () => '/admin/consent',
  conversation: (id) => `/admin/conversations/${id}`,
  export: () => '/admin/exports',
  improvement: () => '/admin/improvement',
  invitation: () => '/admin/invitations',
  iteration: (id) => `/admin/iterations/${id}`,
  schedule: () => '/admin/schedule',
  'scoring-pm': () => '/admin/deployments',
  report: () => '/admin/inbox/reports',
  snapshot: (id) => `/admin/snapshots/${encodeURIComponent(id)}`,
  study: () => '/admin/studies',
  task: (id) => `/admin/texts/${id}`,
  tranche: (id) => `/admin/tranches/${encodeURIComponent(id)}`,
}

/** What has no name beside the one that it is known by. */
const SELF_NAMED = ['task', 'snapshot', 'tranche']

/** What was changed, as people call it, and the way to it. */
export function SubjectLink({ subject, action }: { subject: AuditSubject; action: string }) {
  const { kind, id, name } = subject
  const called = words.things[kind] ?? kind
  const label = name ?? (SELF_NAMED.includes(kind) ? id : null)
  const text = label ? `${called} ${label}` : called
  const deployed = kind === 'task' && (action === 'deploy' || action === 'rollback')
  const page = deployed ? '/admin/deployments' : PAGES[kind]?.(id ?? '', name ?? '')
  if (!page) return text
  return (
    <Anchor component={Link} to={page} inherit>
      {text}
    </Anchor>
  )
}
