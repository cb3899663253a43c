import { Anchor, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link, useParams } from 'react-router'
import { Problem } from '@/api/problem'
import { useGuide } from '@/api/task-texts'
import { Markdown } from '@/components/markdown'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'

/** The longer text of a task, with worked examples: read once from the top, then looked up. */
export function GuidePage() {
  const { slug = '' } = useParams()
  const words = useWords().guide
  const guide = useGuide(slug)
  return (
    <Stack maw={780} mx="auto" gap="md">
      <Anchor component={Link} to="/" size="sm">
        ← {words.back}
      </Anchor>
      {guide.error instanceof Problem && guide.error.status === 404 ? (
        <Text>{words.none}</Text>
      ) : (
        <QueryView query={guide}>
          {({ title, body }) => (
            <Paper withBorder radius="lg" p={{ base: 'lg', sm: 'xl' }} component="article">
              <title>{`${words.guide} · ${title}`}</title>
              <Text size="sm" c="dimmed" fw={600}>
                {words.guide}
              </Text>
              <Title order={1} size="h2" mb="lg">
                {title}
              </Title>
              {body ? <Markdown text={body} page /> : <Text>{words.none}</Text>}
            </Paper>
          )}
        </QueryView>
      )}
      <Group>
        <Button component={Link} to="/" variant="default">
          {words.toTasks}
        </Button>
      </Group>
    </Stack>
  )
}
