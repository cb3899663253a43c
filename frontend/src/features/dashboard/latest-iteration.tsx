import { Badge, Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { Link } from 'react-router'
import { useIterations } from '@/api/iterations'
import type { Iteration } from '@/api/types'
import { duration } from '@/components/duration'
import { QueryView } from '@/components/query-view'
import { statusColor } from '@/components/status-color'
import { words } from './words'

/** Where the loop stands, in one line. Skipped weeks are not news. */
export function LatestIteration() {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {words.latest}
      </Title>
      <QueryView query={useIterations()}>
        {(rows) => {
          const latest = rows.find((row) => row.status !== 'skipped')
          return latest ? <Summary iteration={latest} /> : <Text c="dimmed">{words.noIteration}</Text>
        }}
      </QueryView>
    </Stack>
  )
}

function Summary({ iteration }: { iteration: Iteration }) {
  const done = iteration.stages.filter((stage) => stage.status === 'succeeded').length
  const progress = iteration.stages.find((stage) => stage.status === 'running')?.progress
  const share = progress && progress.total > 0 ? progress.done / progress.total : 0
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <Group gap="sm">
          <Text fw={650}>{iteration.name}</Text>
          <Badge color={statusColor(iteration.status)} variant="light">
            {words.statuses[iteration.status]}
          </Badge>
          {iteration.status === 'held' && <Badge color="orange">{words.needsDecision}</Badge>}
        </Group>
        <Button component={Link} to={`/admin/iterations/${iteration.id}`} size="xs" variant="default">
          {words.openIteration}
        </Button>
      </Group>
      <Progress
        mt="sm"
        value={((done + share) / iteration.stages.length) * 100}
        color={statusColor(iteration.status)}
        aria-label={words.stages(done, iteration.stages.length)}
      />
      <Text size="sm" c="dimmed" mt={6}>
        {words.stages(done, iteration.stages.length)}
        {progress?.seconds_left != null && ` · ${words.left(duration(progress.seconds_left))}`}
      </Text>
    </Paper>
  )
}
