import { Button, Group, Text } from '@mantine/core'
import type { Turn } from '@/api/types'
import { useLanguage, useWords } from '@/i18n/language'
import { spell } from './expected-wait'

/** The two responses are on their way. */
export function Writing({
  usual,
  stopping,
  onStop,
}: {
  usual: number | null
  stopping: boolean
  onStop: () => void
}) {
  const { words: all, language } = useLanguage()
  const words = all.chat
  return (
    <Group justify="space-between">
      <Text size="sm" c="dimmed">
        {words.streaming} {usual !== null && words.usual({ time: spell(usual, language) })}
      </Text>
      <Button variant="default" loading={stopping} onClick={onStop}>
        {words.stop}
      </Button>
    </Group>
  )
}

/** No response arrived: why, and how to go on. */
export function Failed({
  turn,
  retrying,
  onRetry,
  onFinish,
}: {
  turn: Turn
  retrying: boolean
  onRetry: () => void
  onFinish: (() => void) | null
}) {
  const { language, words: all } = useLanguage()
  const words = all.chat
  return (
    <Group justify="space-between">
      <Text size="sm" role="alert">
        {/* The server speaks English. */}
        {(language === 'en' && turn.error) || words.failed}
      </Text>
      <Group gap="xs">
        {onFinish && (
          <Button variant="default" onClick={onFinish}>
            {words.finish}
          </Button>
        )}
        <Button loading={retrying} onClick={onRetry}>
          {words.retry}
        </Button>
      </Group>
    </Group>
  )
}

export function Reconnecting() {
  return (
    <Text size="sm" role="status">
      {useWords().chat.reconnecting}
    </Text>
  )
}
