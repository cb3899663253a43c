import { Alert, Button, Group, Text } from '@mantine/core'
import { Unreachable } from '@/api/problem'
import { useWords } from '@/i18n/language'

interface ProblemAlertProps {
  error: Error | null
  onRetry?: () => void
}

/** What went wrong, in the server's own sentence, and a way to go on. */
export function ProblemAlert({ error, onRetry }: ProblemAlertProps) {
  const words = useWords().shared
  if (!error) return null
  return (
    <Alert color="red" role="alert" variant="light">
      <Group justify="space-between" gap="sm">
        <Text size="sm">{error instanceof Unreachable ? words.unreachable : error.message}</Text>
        {onRetry && (
          <Button size="xs" color="red" variant="light" onClick={onRetry}>
            {words.tryAgain}
          </Button>
        )}
      </Group>
    </Alert>
  )
}
