import { Anchor, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useAuditLog } from '@/api/audit'
import { Changes } from '@/components/audit-changes'
import classes from '@/components/audit-changes.module.css'
import { changeWords as words } from '@/components/audit-words'
import { moment } from '@/components/duration'

const SHOWN = 5

interface ChangeHistoryProps {
  /** What was changed, as the log knows it: task:helpfulness. */
  subject: string
  /** Only such changes of it. */
  action?: string
}

/** Below settings: who changed them last, and the changes before. */
export function ChangeHistory({ subject, action }: ChangeHistoryProps) {
  const filters = { subject, ...(action && { action }) }
  const entries = useAuditLog(filters).data?.pages[0]?.events
  const [newest] = entries ?? []
  if (!entries) return null
  if (!newest) {
    return (
      <Text size="sm" c="dimmed" mt="sm">
        {words.neverChanged}
      </Text>
    )
  }
  return (
    <details className={classes.history}>
      <summary>{words.lastChanged(newest.person, moment(newest.at))}</summary>
      <ol>
        {entries.slice(0, SHOWN).map((entry) => (
          <li key={entry.id}>
            <Text size="sm">
              <strong>{entry.person ?? words.byItself}</strong> · {moment(entry.at)}
            </Text>
            <Changes entry={entry} />
            {entry.reason && <Text size="sm">{entry.reason}</Text>}
          </li>
        ))}
      </ol>
      <Anchor component={Link} to={`/admin/audit?${new URLSearchParams(filters)}`} size="sm">
        {words.wholeHistory}
      </Anchor>
    </details>
  )
}
