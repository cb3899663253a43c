import { Anchor, Badge, Group, Paper, ScrollArea, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { useCrowdworkers } from '@/api/crowdworkers'
import { useFigure } from '@/api/dashboard'
import type { CrowdworkerLine, Crowdworkers } from '@/api/types'
import { duration } from '@/components/duration'
import { FigureView } from '@/components/figure-view'
import { Loading } from '@/components/loading'
import { NextPage } from '@/components/next-page'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { SearchField } from '@/components/search-field'
import classes from './crowdworkers.module.css'
import { Marks, shortDay } from './marks'
import { ShareCell, Strengths } from './shares'
import { words } from './words'

type Column = keyof typeof words.columns
const COLUMNS = Object.keys(words.columns) as Column[]
const NUMBERS: Column[] = ['comparisons', 'week', 'seconds']

/** Who gives the data; the address holds what is looked for and the order. */
export function CrowdworkersPage() {
  const [address, setAddress] = useSearchParams()
  const sort = COLUMNS.find((column) => column === address.get('sort')) ?? 'comparisons'
  const down = address.get('down') !== 'false'
  const q = address.get('q') ?? ''
  const change = (changed: Record<string, string>) =>
    setAddress({ ...Object.fromEntries(address), ...changed }, { replace: true })
  const query = useCrowdworkers({ q, sort, down })
  const concentration = useFigure('data-by-crowdworker')
  const pages = query.data?.pages
  const first = pages?.[0]
  return (
    <Stack>
      <PageHead title={words.title} lead={words.lead} />
      {first && <Large page={first} />}
      <SearchField
        label={words.search}
        description={words.searchHelp}
        value={q}
        onSearch={(typed) => change({ q: typed })}
      />
      {query.error && !first && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {!first && !query.error && <Loading />}
      {pages && first && (
        <Stack gap="xs" aria-busy={query.isPlaceholderData} className={classes.results}>
          {first.count === 0 ? (
            <Nobody searched={q !== ''} />
          ) : (
            <>
              <Text size="sm" c="dimmed" role="status">
                {words.found(first.count, first.comparisons)} ·{' '}
                {first.counted_at ? words.counted(ago(first.counted_at)) : words.notCounted}
              </Text>
              <Rows
                lines={pages.flatMap((page) => page.lines)}
                sort={sort}
                down={down}
                onSort={(column) =>
                  change({ sort: column, down: String(column === sort ? !down : column !== 'name') })
                }
              />
            </>
          )}
          <NextPage query={query} label={words.more} />
        </Stack>
      )}
      {first && first.comparisons > 0 && (
        <>
          <VisuallyHidden component="h2">{words.whoGives}</VisuallyHidden>
          <QueryView query={concentration}>{(figure) => <FigureView figure={figure} />}</QueryView>
        </>
      )}
    </Stack>
  )
}

function ago(at: string): string {
  return duration((Date.now() - Date.parse(at)) / 1000)
}

function Large({ page }: { page: Crowdworkers }) {
  if (page.large.length === 0) return null
  return (
    <Notice tone="warning" role="status" title={words.large}>
      <Text size="sm">
        {page.large.map((one) => (
          <span key={one.id}>{words.largeWho(one.username, one.of_all)}</span>
        ))}
        {words.largeHelp}
      </Text>
    </Notice>
  )
}

function Nobody({ searched }: { searched: boolean }) {
  return (
    <Paper withBorder radius="lg" p="xl" role="status">
      <Text fw={600}>{searched ? words.noMatch : words.none}</Text>
      {!searched && (
        <Text size="sm" c="dimmed">
          {words.noneHelp}{' '}
          <Anchor component={Link} to="/admin/invitations" inherit>
            {words.invite}
          </Anchor>
        </Text>
      )}
    </Paper>
  )
}

interface RowsProps {
  lines: CrowdworkerLine[]
  sort: Column
  down: boolean
  onSort: (column: Column) => void
}

function Rows({ lines, sort, down, onSort }: RowsProps) {
  return (
    <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
      <Table verticalSpacing="xs" horizontalSpacing={8} miw={820} className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Table.Th
                key={column}
                ta={NUMBERS.includes(column) ? 'end' : undefined}
                aria-sort={column !== sort ? undefined : down ? 'descending' : 'ascending'}
                title={words.columnHelp[column]}
              >
                <button
                  type="button"
                  className={classes.sort}
                  aria-label={words.sortBy(words.columns[column])}
                  onClick={() => onSort(column)}
                >
                  {words.columns[column]}
                  <span className={classes.arrow} aria-hidden>
                    {column === sort && (down ? '↓' : '↑')}
                  </span>
                </button>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line) => (
            <Row key={line.id} line={line} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}

function Row({ line }: { line: CrowdworkerLine }) {
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <Group gap={6}>
          <Anchor component={Link} to={`/admin/crowdworkers/${line.id}`} size="sm" fw={600}>
            {line.username}
          </Anchor>
          {line.platform && (
            <Badge variant="default" className={classes.mark}>
              {words.platform[line.platform]}
            </Badge>
          )}
          <Marks person={line} />
        </Group>
      </Table.Th>
      <Table.Td ta="end">
        <Text size="sm">{line.comparisons.toLocaleString()}</Text>
        {line.of_all !== null && (
          <Text size="xs" c="dimmed" className={classes.whole}>
            {words.ofAll(line.of_all)}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="end">{line.week.toLocaleString()}</Table.Td>
      <Table.Td ta="end" className={classes.whole}>
        {line.seconds === null ? words.noTime : words.time(line.seconds)}
      </Table.Td>
      <Table.Td>
        <Strengths counts={line.strengths} />
      </Table.Td>
      <Table.Td>
        <ShareCell share={line.position} fair={0.5} />
      </Table.Td>
      <Table.Td>
        <ShareCell share={line.researchers} few={words.reviews(line.reviews)} />
      </Table.Td>
      <Table.Td>
        <ShareCell share={line.pm} />
      </Table.Td>
      <Table.Td className={classes.whole}>{line.last_at ? shortDay(line.last_at) : words.noTime}</Table.Td>
    </Table.Tr>
  )
}
