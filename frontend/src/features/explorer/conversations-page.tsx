import { Badge, Group, Paper, Stack, Text } from '@mantine/core'
import { Link, useLocation } from 'react-router'
import { useConversations } from '@/api/explorer'
import type { Found, Passage } from '@/api/types'
import { moment } from '@/components/duration'
import { Loading } from '@/components/loading'
import { NextPage } from '@/components/next-page'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import classes from './explorer.module.css'
import { FilterForm } from './filter-form'
import { useFilters } from './filters'
import { words } from './words'

/** All conversations, newest first, by words and by what they are. */
export function ConversationsPage() {
  const filters = useFilters()
  return (
    <Stack>
      <PageHead title={words.title} lead={words.lead} />
      <FilterForm filters={filters} />
      <Results values={filters.values} />
    </Stack>
  )
}

function Results({ values }: { values: Record<string, string> }) {
  const query = useConversations(values)
  if (query.error && !query.isFetchNextPageError) {
    return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
  }
  const pages = query.data?.pages
  const first = pages?.[0]
  if (!pages || !first) return <Loading />
  return (
    <Stack gap="sm" aria-busy={query.isPlaceholderData} className={classes.results}>
      {!first.red_team_searched && (
        <Notice tone="info" role="status">
          {words.notSearched}
        </Notice>
      )}
      {first.found.length === 0 ? (
        <Nothing filtered={Object.keys(values).length > 0} />
      ) : (
        <>
          <Text size="sm" c="dimmed" role="status">
            {words.counted(first.count ?? 0, first.counted_all)}
          </Text>
          <Paper withBorder radius="lg" component="ol" className={classes.list}>
            {pages.flatMap((page) => page.found.map((row) => <Row key={row.id} row={row} />))}
          </Paper>
        </>
      )}
      <NextPage query={query} label={words.older} />
    </Stack>
  )
}

function Nothing({ filtered }: { filtered: boolean }) {
  return (
    <Paper withBorder radius="lg" p="xl" role="status">
      <Text fw={600}>{filtered ? words.noMatch : words.nothingYet}</Text>
      <Text size="sm" c="dimmed">
        {filtered ? words.noMatchHelp : words.nothingYetHelp}
      </Text>
    </Paper>
  )
}

function Row({ row }: { row: Found }) {
  const { search } = useLocation()
  return (
    <li className={classes.item}>
      <Link className={classes.row} to={`/admin/conversations/${row.id}`} state={{ search }}>
        <Group justify="space-between" gap="xs" component="span">
          <Group gap={6} component="span">
            <Badge variant="light" color={row.task.kind === 'red-team' ? 'orange' : 'teal'} component="span">
              {row.task.slug}
            </Badge>
            {row.kinds.map((kind) => (
              <Badge key={kind} variant="default" component="span">
                {words.kinds[kind]}
              </Badge>
            ))}
            {row.edited && (
              <Badge variant="default" component="span">
                {words.editedBadge}
              </Badge>
            )}
            {row.reports > 0 && (
              <Badge variant="light" color={row.open_reports > 0 ? 'red' : 'gray'} component="span">
                {words.reports(row.reports, row.open_reports)}
              </Badge>
            )}
          </Group>
          <Text size="xs" c="dimmed" component="time" dateTime={row.created_at}>
            {moment(row.created_at)}
          </Text>
        </Group>
        <PassageText row={row} />
        <Text size="xs" c="dimmed" component="span" className={classes.facts}>
          {[row.crowdworker ?? row.imported_from, words.statuses[row.status], words.facts(row)]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </Link>
    </li>
  )
}

/** What the server found, in parts: nothing of it is ever read as HTML. */
function PassageText({ row }: { row: Found }) {
  if (!row.passage) {
    return (
      <Text component="span" size="sm" c="dimmed" fs="italic">
        {row.covered ? words.coveredRow : words.empty}
      </Text>
    )
  }
  const { of, turn, parts } = row.passage
  const isFound = parts.some((part) => part.is_match)
  return (
    <Text component="span" size="sm" className={classes.passage} dir="auto">
      {isFound && <span className={classes.where}>{words.said[of](turn + 1)}: </span>}
      {parts.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change their order, and may be equal
        <PassagePart key={at} part={part} />
      ))}
    </Text>
  )
}

function PassagePart({ part }: { part: Passage['parts'][number] }) {
  return part.is_match ? <mark>{part.text}</mark> : part.text
}
