import { Button, Code, CopyButton, Group, Paper, Stack, Text } from '@mantine/core'
import { words } from './words'

/** Shown once, until it is put away. */
export function Secret({ secret, onSeen }: { secret: string; onSeen: () => void }) {
  return (
    <Paper withBorder p="lg" maw={620} role="status">
      <Stack gap="xs">
        <Text fw={650}>{words.secret}</Text>
        <Text size="sm">{words.secretHelp}</Text>
        <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {secret}
        </Code>
        <Group>
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button size="xs" variant="default" onClick={copy}>
                {copied ? words.copied : words.copy}
              </Button>
            )}
          </CopyButton>
          <Button size="xs" variant="subtle" onClick={onSeen}>
            {words.seen}
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}
