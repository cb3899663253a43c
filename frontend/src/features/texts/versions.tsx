import { Badge, Button, Group, Stack, Text } from '@mantine/core'
import type { TaskText } from '@/api/types'
import { moment } from '@/components/duration'
import { Markdown } from '@/components/markdown'
import { words } from './words'

interface VersionsProps {
  versions: TaskText[]
  onGoOnFrom: (version: TaskText) => void
}

/** Every text there ever was, to be read and, if it was better, taken up again. */
export function Versions({ versions, onGoOnFrom }: VersionsProps) {
  return (
    <Stack gap="xs">
      {versions.map((version, index) => (
        <details key={version.version}>
          <Text component="summary" style={{ cursor: 'pointer' }}>
            {words.version(version.version)}{' '}
            <Text span c="dimmed" size="sm">
              {words.by(moment(version.created_at), version.created_by)}
            </Text>{' '}
            {index === 0 && <Badge variant="light">{words.current}</Badge>}
          </Text>
          <Stack gap="sm" py="sm" ps="lg">
            <Text fw={650}>{version.title}</Text>
            <Text>{version.question}</Text>
            <Markdown text={version.instructions} />
            {version.guide && (
              <>
                <Text size="sm" c="dimmed" fw={600}>
                  {words.guide}
                </Text>
                <Markdown text={version.guide} />
              </>
            )}
            <Text size="sm" c="dimmed">
              {words.pairs}: {version.qualification?.length ?? 0}
            </Text>
            {index > 0 && (
              <Group>
                <Button size="xs" variant="default" onClick={() => onGoOnFrom(version)}>
                  {words.goOnFrom}
                </Button>
              </Group>
            )}
          </Stack>
        </details>
      ))}
    </Stack>
  )
}
