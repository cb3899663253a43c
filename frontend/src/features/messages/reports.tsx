import { Anchor, Badge, Button, Group, Paper, Stack, Text } from '@mantine/core'
import { useHandleReport, useReports } from '@/api/reports'
import type { Report } from '@/api/types'
import { moment } from '@/components/duration'
import { Markdown } from '@/components/markdown'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import classes from './inbox.module.css'
import { words } from './words'

/** What crowdworkers pointed at: first what nobody has handled. */
export function Reports() {
  return (
    <QueryView query={useReports()}>
      {(reports) => {
        if (reports.length === 0) return <Text c="dimmed">{words.noReports}</Text>
        const open = reports.filter((report) => report.handled_at === null)
        const handled = reports.filter((report) => report.handled_at !== null)
        return (
          <Stack>
            <Text c="dimmed" role="status">
              {open.length > 0 ? words.toDo(open.length) : words.allDone}
            </Text>
            {open.map((report) => (
              <ReportCard key={report.id} report={report} />
            ))}
            {handled.length > 0 && (
              <details>
                <Text component="summary" c="dimmed" style={{ cursor: 'pointer' }}>
                  {words.earlier} ({handled.length})
                </Text>
                <Stack mt="sm">
                  {handled.map((report) => (
                    <ReportCard key={report.id} report={report} />
                  ))}
                </Stack>
              </details>
            )}
          </Stack>
        )
      }}
    </QueryView>
  )
}

/** The response itself is folded: whoever reads a row of reports need not read them all. */
function ReportCard({ report }: { report: Report }) {
  const handle = useHandleReport()
  return (
    <Paper withBorder radius="lg" p="lg" component="article">
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Badge
              color={report.reason === 'broken' || report.reason === 'other' ? 'gray' : 'red'}
              variant="light"
            >
              {words.reasons[report.reason]}
            </Badge>
            <Badge variant="default">{report.task}</Badge>
          </Group>
          <Text size="xs" c="dimmed">
            {words.reportedBy(report.reported_by, moment(report.created_at))}
          </Text>
        </Group>
        {report.comment && (
          <Text dir="auto" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {report.comment}
          </Text>
        )}
        <details>
          <Anchor component="summary" size="sm" style={{ cursor: 'pointer' }}>
            {words.show}
          </Anchor>
          <Stack gap="xs" mt="sm">
            <Text size="xs" fw={650}>
              {words.human}
            </Text>
            <div className={classes.quote}>
              <Markdown text={report.human} />
            </div>
            <Text size="xs" fw={650}>
              {words.candidates[report.shown]}
            </Text>
            <div className={classes.quote}>
              <Markdown text={report.text} />
            </div>
          </Stack>
        </details>
        <ProblemAlert error={handle.error} />
        {report.handled_at ? (
          <Text size="sm" c="dimmed">
            {words.handledBy(report.handled_by ?? '', moment(report.handled_at))}
          </Text>
        ) : (
          <Group>
            <Button
              size="xs"
              variant="default"
              loading={handle.isPending}
              onClick={() => handle.mutate(report.id)}
            >
              {words.handled}
            </Button>
          </Group>
        )}
      </Stack>
    </Paper>
  )
}
