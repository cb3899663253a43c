import { Badge, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link } from 'react-router'
import { useIterations } from '@/api/iterations'
import type { Iteration } from '@/api/types'
import { moment } from '@/components/duration'
import { QueryView } from '@/components/query-view'
import { statusColor } from '@/components/status-color'
import classes from './iterations-page.module.css'
import { StageList } from './stage-list'
import { StartIteration } from './start-iteration'
import { words } from './words'

export function IterationsPage() {
  return (
    <Stack gap="xl">
      <div>
        <Title order={1} size="h2">
          {words.title}
        </Title>
        <Text c="dimmed">{words.lead}</Text>
      </div>
      <QueryView query={useIterations()}>
        {(rows) => {
          const running = rows.find((row) => row.status === 'running')
          return (
            <>
              {running ? <Running iteration={running} /> : <StartIteration />}
              <Stack gap="xs">
                <Title order={2} size="h4">
                  {words.all}
                </Title>
                {rows.length === 0 && <Text c="dimmed">{words.none}</Text>}
                {rows.map((row) => (
                  <Row key={row.id} iteration={row} />
                ))}
              </Stack>
            </>
          )
        }}
      </QueryView>
    </Stack>
  )
}

function Running({ iteration }: { iteration: Iteration }) {
  return (
    <Paper withBorder p="lg">
      <Title order={2} size="h4" mb="md">
        <Link to={iteration.id} className={classes.title}>
          {iteration.name}
        </Link>
      </Title>
      <StageList stages={iteration.stages} />
    </Paper>
  )
}

function Row({ iteration }: { iteration: Iteration }) {
  return (
    <Link to={iteration.id} className={classes.row}>
      <Group gap="sm" wrap="nowrap">
        <Text fw={600}>{iteration.name}</Text>
        <Badge color={statusColor(iteration.status)} variant="light">
          {words.statuses[iteration.status]}
        </Badge>
        <Text size="sm" c="dimmed" className={classes.reason} truncate>
          {iteration.reason}
        </Text>
        <Text size="sm" c="dimmed" className={classes.when}>
          {iteration.preset} · {moment(iteration.created_at)}
        </Text>
      </Group>
    </Link>
  )
}
