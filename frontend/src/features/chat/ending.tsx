import { Button, Center, Code, CopyButton, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link } from 'react-router'
import type { Assignment } from '@/api/types'
import { Brand } from '@/components/brand'
import { useWords } from '@/i18n/language'

/** After the last conversation: the completion code. After stopping: thanks all the same. */
export function Ending({ assignment }: { assignment: Assignment }) {
  const { chat: words, shared } = useWords()
  const completed = assignment.status === 'completed'
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" radius="lg" maw={460} w="100%">
        <Stack align="center" ta="center">
          <Brand />
          <Title order={1} size="h3">
            {completed ? words.doneTitle : words.withdrawnTitle}
          </Title>
          <Text c="dimmed">
            {completed
              ? words.doneText({ completed: assignment.completed, of: assignment.of })
              : words.withdrawnText}
          </Text>
          {assignment.completion_code && (
            <Stack gap={4} align="center">
              <Text size="sm">{words.code}</Text>
              <Group gap="xs">
                <Code fz="lg" px="md" py={6}>
                  {assignment.completion_code}
                </Code>
                <CopyButton value={assignment.completion_code}>
                  {({ copied, copy }) => (
                    <Button size="compact-md" variant="light" onClick={copy}>
                      {copied ? shared.copied : shared.copy}
                    </Button>
                  )}
                </CopyButton>
              </Group>
            </Stack>
          )}
          <Button component={Link} to="/" variant="light">
            {words.home}
          </Button>
        </Stack>
      </Paper>
    </Center>
  )
}
