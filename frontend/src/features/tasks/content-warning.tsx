import { Alert, Button, Stack, Text } from '@mantine/core'
import { useRedTeamOptIn } from '@/api/session'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'

/** The gate before red-teaming: what may be seen there, and one's own decision. */
export function ContentWarning() {
  const words = useWords().tasks
  const optIn = useRedTeamOptIn()
  return (
    <Alert color="orange" title={words.warningTitle} styles={{ body: { minWidth: 0 } }}>
      <Stack gap="xs" align="flex-start">
        {words.warning.map((sentence) => (
          <Text size="sm" key={sentence}>
            {sentence}
          </Text>
        ))}
        <ProblemAlert error={optIn.error} />
        <Button
          color="orange"
          variant="outline"
          h="auto"
          mih="2.25rem"
          py={6}
          styles={{ label: { whiteSpace: 'normal' } }} // a phone is narrower than this sentence
          loading={optIn.isPending}
          onClick={() => optIn.mutate(true)}
        >
          {words.optIn}
        </Button>
      </Stack>
    </Alert>
  )
}
