import { Paper, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useAuditLog } from '@/api/audit'
import type { AuditEntry } from '@/api/types'
import { Changes } from '@/components/audit-changes'
import { moment } from '@/components/duration'
import { Loading } from '@/components/loading'
import { NextPage } from '@/components/next-page'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import classes from './audit.module.css'
import { AuditFilters, useAuditFilters } from './filters'
import { SubjectLink } from './subject-link'
import { words } from './words'

/** Every change, newest first. */
export function AuditPage() {
  const filters = useAuditFilters()
  return (
    <Stack>
      <PageHead title={words.title} lead={words.lead} />
      <AuditFilters filters={filters} />
      <Entries values={filters.values} />
    </Stack>
  )
}

function Entries({ values }: { values: Record<string, string> }) {
  const query = useAuditLog(values)
  if (query.error && !query.isFetchNextPageError) {
    return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
  }
  const entries = query.data?.pages.flatMap((page) => page.events)
  if (!entries) return <Loading />
  if (entries.length === 0) return <Nothing filtered={Object.keys(values).length > 0} />
  return (
    <Stack gap="sm" aria-busy={query.isPlaceholderData}>
      <Paper withBorder radius="lg" component="ol" className={classes.list}>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </Paper>
      <NextPage query={query} label={words.older} />
    </Stack>
  )
}

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <Paper withBorder radius="lg" p="xl" role="status">
      <Text fw={600}>{filtered ? words.noMatch : words.none}</Text>
      <Text size="sm" c="dimmed">
        {filtered ? words.noMatchHelp : words.noneHelp}
      </Text>
    </Paper>
  )
}

function Entry({ entry }: { entry: AuditEntry }) {
  const only = `/admin/audit?subject=${encodeURIComponent(entry.subject.key)}`
  return (
    <li className={classes.entry}>
      <div className={classes.head}>
        <Text size="sm" component="span">
          <strong>{entry.person ?? words.byItself}</strong> {words.did(entry.action, entry.changes)}
          {' · '}
          <SubjectLink subject={entry.subject} action={entry.action} />
        </Text>
        <Text size="xs" c="dimmed" component="span">
          <Link to={only} className={classes.only}>
            {words.onlyThis}
          </Link>
          {' · '}
          <time dateTime={entry.at}>{moment(entry.at)}</time>
        </Text>
      </div>
      <Changes entry={entry} />
      {entry.reason && (
        <Text size="sm" className={classes.reason}>
          <Text span inherit c="dimmed">
            {words.because}
          </Text>{' '}
          {entry.reason}
        </Text>
      )}
    </li>
  )
}
