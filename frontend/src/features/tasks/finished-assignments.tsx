import { Code, Group, Stack, Text, Title } from '@mantine/core'
import type { Assignment } from '@/api/types'
import { money } from '@/components/money'
import { useLanguage } from '@/i18n/language'

/** What is behind one, with the codes, in case one was not copied at the time. */
export function FinishedAssignments({ rows }: { rows: Assignment[] }) {
  const { language, words: all } = useLanguage()
  const words = all.tasks
  if (rows.length === 0) return null
  return (
    <Stack gap="xs" mt="lg">
      <Title order={2} size="h5">
        {words.done}
      </Title>
      {rows.slice(0, 10).map((row) => (
        <Group key={row.id} justify="space-between">
          <Text size="sm">
            {row.task.title} · {words.status[row.status]} · {row.completed}/{row.of}
            {row.earned && ` · ${words.earned({ pay: money(row.earned, language) })}`}
          </Text>
          {row.completion_code && (
            <Text size="sm" c="dimmed">
              {words.code} <Code>{row.completion_code}</Code>
            </Text>
          )}
        </Group>
      ))}
    </Stack>
  )
}
