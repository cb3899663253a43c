import { Alert, Button, Stack, Text } from '@mantine/core'
import { useRedTeamOptIn } from '@/api/session'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'

/** The gate before red-teaming: what may be seen there, and one's own decision. */
export function ContentWarning() {
  const words = useWords().tasks
  const optIn = useRedTeamOptIn()
  return (
    <Alert color="orange" title={words.warningTitle}>
      <Stack gap="xs" align="flex-start">
        {words.warning.map((sentence) => (
          <Text size="sm" key={sentence}>
            {sentence}
          </Text>
        ))}
        <ProblemAlert error={optIn.error} />
        <Button color="orange" variant="outline" loading={optIn.isPending} onClick={() => optIn.mutate(true)}>
          {words.optIn}
        </Button>
      </Stack>
    </Alert>
  )
}
