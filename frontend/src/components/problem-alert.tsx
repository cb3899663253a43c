import { Button, Group } from '@mantine/core'
import { Notice } from '@/components/notice'
import { useWords } from '@/i18n/language'
import { useSentence } from '@/i18n/sentence'

interface ProblemAlertProps {
  error: Error | null
  onRetry?: () => void
}

/** What went wrong, in one sentence, and a way to go on. */
export function ProblemAlert({ error, onRetry }: ProblemAlertProps) {
  const words = useWords().shared
  const sentence = useSentence(error)
  if (!error) return null
  return (
    <Notice tone="error" role="alert">
      <Group justify="space-between" gap="sm">
        {sentence}
        {onRetry && (
          <Button size="xs" color="red" variant="light" onClick={onRetry}>
            {words.tryAgain}
          </Button>
        )}
      </Group>
    </Notice>
  )
}
