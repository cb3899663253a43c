import { Alert, Stack, Text } from '@mantine/core'
import { AgreeToWarning } from '@/components/agree-to-warning'
import { useWords } from '@/i18n/language'

/** The gate before red-teaming: what may be seen there, and one's own decision. */
export function ContentWarning() {
  const words = useWords().tasks
  return (
    <Alert color="orange" title={words.warningTitle} styles={{ body: { minWidth: 0 } }}>
      <Stack gap="xs" align="flex-start">
        {words.warning.map((sentence) => (
          <Text size="sm" key={sentence}>
            {sentence}
          </Text>
        ))}
        <AgreeToWarning label={words.optIn} />
      </Stack>
    </Alert>
  )
}
