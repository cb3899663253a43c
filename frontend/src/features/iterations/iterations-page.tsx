import { Group, Paper, Stack, Text, Title, VisuallyHidden } from '@mantine/core'
import { Link } from 'react-router'
import { useRunningIteration } from '@/api/iterations'
import type { Iteration } from '@/api/types'
import { moment } from '@/components/duration'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { stageNames } from '@/components/stage-names'
import classes from './iterations-page.module.css'
import { StageProgress, stageStatus } from './stage-list'
import { StartIteration } from './start-iteration'
import { Weeks } from './weeks'
import { words } from './words'

export function IterationsPage() {
  return (
    <Stack gap="xl">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={useRunningIteration()}>
        {([running]) => (running ? <Running iteration={running} /> : <StartIteration />)}
      </QueryView>
      <Stack gap="xs">
        <Title order={2} size="h4">
          {words.all}
        </Title>
        <Weeks />
      </Stack>
    </Stack>
  )
}

/** The week that is being made, in a few lines: what is done, what is at work, and how long that will take. */
function Running({ iteration }: { iteration: Iteration }) {
  const at = iteration.stages.find((stage) => stage.status === 'running' || stage.status === 'pending')
  return (
    <Paper withBorder p="lg">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          <Link to={`/admin/iterations/${iteration.id}`} className={classes.title}>
            {iteration.name}
          </Link>
        </Title>
        <Text size="sm" c="dimmed">
          {words.started(moment(iteration.created_at), iteration.started_by)}
        </Text>
      </Group>
      <ol className={classes.steps}>
        {iteration.stages.map((stage) => (
          <li key={stage.stage} data-status={stage.status} aria-current={stage === at ? 'step' : undefined}>
            {stageNames[stage.stage] ?? stage.stage}
            <VisuallyHidden>: {stageStatus(stage)}</VisuallyHidden>
          </li>
        ))}
      </ol>
      {at?.status === 'running' && <StageProgress stage={at} />}
    </Paper>
  )
}
