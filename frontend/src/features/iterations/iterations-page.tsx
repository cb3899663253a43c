import { Paper, Stack, Title } from '@mantine/core'
import { Link } from 'react-router'
import { useIterations } from '@/api/iterations'
import type { Iteration } from '@/api/types'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import classes from './iterations-page.module.css'
import { StageList } from './stage-list'
import { StartIteration } from './start-iteration'
import { Weeks } from './weeks'
import { words } from './words'

export function IterationsPage() {
  return (
    <Stack gap="xl">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={useIterations()}>
        {(rows) => {
          const running = rows.find((row) => row.status === 'running')
          return running ? <Running iteration={running} /> : <StartIteration />
        }}
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

function Running({ iteration }: { iteration: Iteration }) {
  return (
    <Paper withBorder p="lg">
      <Title order={2} size="h4" mb="md">
        <Link to={`/admin/iterations/${iteration.id}`} className={classes.title}>
          {iteration.name}
        </Link>
      </Title>
      <StageList stages={iteration.stages} />
    </Paper>
  )
}
