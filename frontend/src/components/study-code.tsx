import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core'
import type { Visit } from '@/api/types'
import { useWords } from '@/i18n/language'

/** The code that tells a crowd platform how a visit ended, and the way back there. */
export function StudyCode({ visit }: { visit: Visit }) {
  const shared = useWords().shared
  const words = useWords().studies
  if (!visit.code) return null
  const platform = words.platforms[visit.provider]
  return (
    <Stack gap="sm" align="flex-start">
      <Text size="sm" fw={600}>
        {words.code}
      </Text>
      <Group gap="xs">
        <Code fz="lg" px="md" py={6}>
          {visit.code}
        </Code>
        <CopyButton value={visit.code}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy} aria-live="polite">
              {copied ? shared.copied : shared.copy}
            </Button>
          )}
        </CopyButton>
      </Group>
      {visit.return_url ? (
        <Button component="a" href={visit.return_url}>
          {words.back({ platform })}
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          {words.pasteInFrame}
        </Text>
      )}
    </Stack>
  )
}
