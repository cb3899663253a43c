import { Anchor, Group, Paper, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useProgress } from '@/api/own-data'
import { useWords } from '@/i18n/language'

/** What came of the work so far, in a line. Nothing at all before there is something true to say. */
export function Thanks() {
  const words = useWords().tasks
  const progress = useProgress().data
  if (!progress || !(progress.trained_on || progress.week.comparisons)) return null
  return (
    <Paper withBorder radius="lg" px="lg" py="md">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={progress.trained_on ? 600 : undefined}>
          {progress.trained_on
            ? words.thanks({ count: progress.trained_on })
            : words.week({ count: progress.week.comparisons })}
        </Text>
        <Anchor component={Link} to="/account" size="sm">
          {words.moreAboutYou}
        </Anchor>
      </Group>
    </Paper>
  )
}
