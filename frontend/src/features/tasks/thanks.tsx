import { Anchor, Group, Paper, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useProgress } from '@/api/own-data'
import { useWords } from '@/i18n/language'

/** What came of the work so far, in a line. Nothing at all before there is something true to say. */
export function Thanks() {
  const words = useWords().tasks
  const progress = useProgress().data
  if (!progress || !(progress.thanks || progress.week.comparisons)) return null
  return (
    <Paper withBorder radius="lg" px="lg" py="md">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={progress.thanks ? 600 : undefined}>
          {progress.thanks ?? words.week({ count: progress.week.comparisons })}
        </Text>
        <Anchor component={Link} to="/account" size="sm">
          {words.moreAboutYou}
        </Anchor>
      </Group>
    </Paper>
  )
}
