import {
  Anchor,
  Badge,
  Button,
  Group,
  NativeSelect,
  Paper,
  ScrollArea,
  Stack,
  Table,
  Text,
} from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { type SnapshotFilter, useSnapshots } from '@/api/snapshots'
import type { Snapshot } from '@/api/types'
import { moment } from '@/components/duration'
import { Loading } from '@/components/loading'
import { NextPage } from '@/components/next-page'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { DeployedBadges } from './deployed-badges'
import { inWords } from './quantities'
import classes from './snapshots.module.css'
import { words } from './words'

const FILTERS: Record<string, SnapshotFilter> = {
  all: {},
  policy: { kind: 'policy' },
  pm: { kind: 'pm' },
  retired: { retired: true },
}

/** All snapshots, newest first; the address holds which. */
export function SnapshotsPage() {
  const [address, setAddress] = useSearchParams()
  const which = address.get('which') ?? 'all'
  return (
    <Stack>
      <Group justify="space-between" align="flex-start">
        <PageHead title={words.snapshots} lead={words.snapshotsLead} />
        <Button component={Link} to="/admin/snapshots/compare" variant="default">
          {words.compare}
        </Button>
      </Group>
      <NativeSelect
        label={words.which}
        w="fit-content"
        value={which}
        onChange={(event) => {
          const { value } = event.currentTarget
          setAddress(value === 'all' ? {} : { which: value }, { replace: true })
        }}
        data={[
          { value: 'all', label: words.all },
          { value: 'policy', label: words.policies },
          { value: 'pm', label: words.pms },
          { value: 'retired', label: words.retiredOnes },
        ]}
      />
      <Listed which={which} />
    </Stack>
  )
}

function Listed({ which }: { which: string }) {
  const query = useSnapshots(FILTERS[which])
  if (query.error && !query.data) {
    return <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
  }
  const rows = query.data?.pages.flat()
  if (!rows) return <Loading />
  if (rows.length === 0) {
    return <Text c="dimmed">{which === 'retired' ? words.noRetired : words.noSnapshots}</Text>
  }
  return (
    <>
      <Rows rows={rows} />
      <NextPage query={query} label={words.older} />
    </>
  )
}

function Rows({ rows }: { rows: Snapshot[] }) {
  return (
    <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
      <Table verticalSpacing="sm" miw={860}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.name}</Table.Th>
            <Table.Th>{words.kind}</Table.Th>
            <Table.Th>{words.deployedFor}</Table.Th>
            <Table.Th>{words.metrics}</Table.Th>
            <Table.Th>{words.iteration}</Table.Th>
            <Table.Th>{words.made}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td className={classes.whole}>
                <Anchor component={Link} to={`/admin/snapshots/${row.name}`} fw={600} inherit>
                  {row.name}
                </Anchor>
              </Table.Td>
              <Table.Td>{words.kinds[row.kind]}</Table.Td>
              <Table.Td>
                <DeployedBadges deployed={row.deployed} />
              </Table.Td>
              <Table.Td>
                <Text size="sm" c="dimmed" component="div">
                  {inWords(row.metrics)}{' '}
                  {!row.evaluated && row.name !== 'initial' && (
                    <Badge variant="light" color="gray" miw="max-content">
                      {words.notEvaluated}
                    </Badge>
                  )}
                </Text>
              </Table.Td>
              <Table.Td className={classes.whole}>{row.iteration ?? words.initial}</Table.Td>
              <Table.Td className={classes.whole}>{moment(row.created_at)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}
