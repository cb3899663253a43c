import { Group, Paper, Stack, Text } from '@mantine/core'
import type { Run } from '@/api/types'
import { RunCurves } from './run-curves'
import { RunLog } from './run-log'
import { words } from './words'

/** A child process as it goes: its curves, and what it prints. */
export function RunView({ run, live }: { run: Run; live: boolean }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={words.runName(run.name)}>
      <Stack>
        <Group gap="sm">
          <Text fw={600} size="sm">
            {words.runName(run.name)}
          </Text>
          <Text size="sm" c="dimmed">
            {words.runStatus(run.status, run.attempt)}
          </Text>
        </Group>
        {run.error && (
          <Text size="sm" c="red">
            {run.error}
          </Text>
        )}
        <RunCurves runId={run.id} live={live} />
        <RunLog run={run} live={live} />
      </Stack>
    </Paper>
  )
}
