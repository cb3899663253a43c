import { Anchor, Paper, ScrollArea, Stack, Table, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useTranches } from '@/api/tranches'
import type { TrancheLine } from '@/api/types'
import { moment } from '@/components/duration'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import classes from './tranches.module.css'
import { words } from './words'

/** Every frozen set of comparisons; each has a page of its own. */
export function TranchesPage() {
  return (
    <Stack>
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={useTranches()}>
        {(rows) => (rows.length === 0 ? <None /> : <Rows rows={rows} />)}
      </QueryView>
    </Stack>
  )
}

function None() {
  return (
    <Notice tone="info" role="status" title={words.none}>
      <Text size="sm">
        {words.noneWhy}{' '}
        <Anchor component={Link} to="/admin/iterations" inherit underline="always">
          {words.toIterations}
        </Anchor>
      </Text>
    </Notice>
  )
}

function Rows({ rows }: { rows: TrancheLine[] }) {
  const comparisons = rows.reduce((sum, row) => sum + row.comparisons, 0)
  return (
    <>
      <Text size="sm" c="dimmed" role="status">
        {words.total(comparisons, rows.length)}
      </Text>
      <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
        <Table verticalSpacing="sm" horizontalSpacing={8} miw={760} className={classes.numbers}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.name}</Table.Th>
              <Table.Th>{words.kind}</Table.Th>
              <Table.Th ta="end">{words.comparisons}</Table.Th>
              <Table.Th ta="end">{words.conversations}</Table.Th>
              <Table.Th ta="end">{words.leftOut}</Table.Th>
              <Table.Th ta="end">{words.erased}</Table.Th>
              <Table.Th>{words.frozenBy}</Table.Th>
              <Table.Th>{words.when}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.id}>
                <Table.Th scope="row">
                  <Anchor component={Link} to={row.name} fw={600} size="sm" className={classes.whole}>
                    {row.name}
                  </Anchor>
                </Table.Th>
                <Table.Td className={classes.whole}>{words.kinds[row.kind]}</Table.Td>
                <Table.Td ta="end">{row.comparisons.toLocaleString()}</Table.Td>
                <Table.Td ta="end">{row.conversations.toLocaleString()}</Table.Td>
                <Table.Td ta="end">{row.left_out.toLocaleString()}</Table.Td>
                <Table.Td ta="end">{row.erased.toLocaleString()}</Table.Td>
                <Table.Td className={classes.whole}>
                  {row.frozen_by && (
                    <Anchor component={Link} to={`/admin/iterations/${row.frozen_by.id}`} size="sm">
                      {row.frozen_by.name}
                    </Anchor>
                  )}
                </Table.Td>
                <Table.Td className={classes.whole}>{moment(row.created_at)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
    </>
  )
}
