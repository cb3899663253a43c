import { Paper, Stack, Text, Title } from '@mantine/core'
import { useExports } from '@/api/exports'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { ExportForm } from './export-form'
import { ExportRow } from './export-row'
import classes from './exports.module.css'
import { words } from './words'

/** Files of comparisons: ask for one, see how far it is, take it. */
export function ExportsPage() {
  return (
    <Stack gap="lg">
      <PageHead title={words.title} lead={words.lead} />
      <ExportForm />
      <QueryView query={useExports()}>
        {(rows) =>
          rows.length === 0 ? (
            <Notice tone="info" role="status" title={words.none}>
              <Text size="sm">{words.noneWhy}</Text>
            </Notice>
          ) : (
            <Stack gap="xs">
              <Title order={2} size="h4">
                {words.all}
              </Title>
              <Paper withBorder component="ol" className={classes.list}>
                {rows.map((row) => (
                  <ExportRow key={row.id} row={row} />
                ))}
              </Paper>
            </Stack>
          )
        }
      </QueryView>
    </Stack>
  )
}
