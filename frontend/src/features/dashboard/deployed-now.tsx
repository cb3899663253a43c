import { Anchor, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link } from 'react-router'
import { useDeployments } from '@/api/snapshots'
import { QueryView } from '@/components/query-view'
import { ShareBar } from '@/components/share-bar'
import { words } from './words'

export function DeployedNow() {
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {words.deployed}
        </Title>
        <Anchor component={Link} to="/admin/deployments" size="sm">
          {words.edit}
        </Anchor>
      </Group>
      <QueryView query={useDeployments()}>
        {(generations) => {
          const active = generations.filter((row) => row.active)
          if (active.length === 0) return <Text c="dimmed">{words.nothingYet}</Text>
          return active.map((row) => (
            <Paper key={row.task ?? 'pm'} withBorder p="md">
              <Text size="sm" fw={600} mb="xs">
                {row.task ?? words.scoringPm}
              </Text>
              <ShareBar shares={row.deployments} best={words.best} />
            </Paper>
          ))
        }}
      </QueryView>
    </Stack>
  )
}
