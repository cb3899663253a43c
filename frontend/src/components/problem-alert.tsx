import { Alert, Button, Group, Text } from '@mantine/core'
import { words } from '@/components/words'

interface ProblemAlertProps {
  error: Error | null
  onRetry?: () => void
}

/** What went wrong, in the server's own sentence, and a way to go on. */
export function ProblemAlert({ error, onRetry }: ProblemAlertProps) {
  if (!error) return null
  return (
    <Alert color="red" role="alert" variant="light">
      <Group justify="space-between" gap="sm">
        <Text size="sm">{error.message}</Text>
        {onRetry && (
          <Button size="xs" color="red" variant="light" onClick={onRetry}>
            {words.tryAgain}
          </Button>
        )}
      </Group>
    </Alert>
  )
}
