import { Alert, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Overview } from '@/api/types'
import { words } from './words'

const count = (value: number) => value.toLocaleString()

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md">
      <Text size="xs" c="dimmed" fw={600} mb={6}>
        {title}
      </Text>
      {children}
    </Paper>
  )
}

function Counts({ counts }: { counts: Record<string, number> }) {
  const rows = Object.entries(counts)
  if (rows.length === 0) return <Text size="sm">{words.nothingYet}</Text>
  return (
    <Stack gap={2}>
      {rows.map(([name, value]) => (
        <Group key={name} justify="space-between" gap="xs">
          <Text size="sm">{name}</Text>
          <Text size="sm" fw={600}>
            {count(value)}
          </Text>
        </Group>
      ))}
    </Stack>
  )
}

export function CollectedCards({ overview }: { overview: Overview }) {
  const { inference } = overview
  return (
    <Stack>
      {!inference.reachable && (
        <Alert color="red" title={`${words.inference}: ${words.unreachable}`}>
          {words.unreachableHelp}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }}>
        <Card title={words.comparisons}>
          <Text fz={30} fw={700} lh={1.1}>
            {count(overview.comparisons_total)}
          </Text>
          <Text size="sm" c="dimmed" mt={4}>
            {count(overview.comparisons_new)} {words.comparisonsNew} · {count(overview.comparisons_today)}{' '}
            {words.comparisonsToday}
          </Text>
        </Card>
        <Card title={words.crowdworkers}>
          <Text fz={30} fw={700} lh={1.1}>
            {count(overview.crowdworkers)}
          </Text>
          <Text size="sm" c="dimmed" mt={4}>
            {words.open(overview.conversations_open)}
          </Text>
        </Card>
        <Card title={words.inference}>
          <Text fz={30} fw={700} lh={1.1} c={inference.reachable ? undefined : 'red'}>
            {inference.reachable ? words.reachable : words.unreachable}
          </Text>
          <Text size="sm" c="dimmed" mt={4} lineClamp={2} title={inference.models.join(', ')}>
            {words.serves(inference.models.length)}
          </Text>
        </Card>
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Card title={words.byTask}>
          <Counts counts={overview.by_task} />
        </Card>
        <Card title={words.byKind}>
          <Counts counts={overview.by_kind} />
        </Card>
      </SimpleGrid>
    </Stack>
  )
}
