import { Button } from '@mantine/core'
import { useRedTeamOptIn } from '@/api/session'
import { ProblemAlert } from '@/components/problem-alert'

/** Below the warning about red-team conversations: one's own decision to see them. */
export function AgreeToWarning({ label }: { label: string }) {
  const optIn = useRedTeamOptIn()
  return (
    <>
      <ProblemAlert error={optIn.error} />
      <Button
        size="sm"
        color="orange"
        variant="outline"
        h="auto"
        mih="2.25rem"
        py={6}
        styles={{ label: { whiteSpace: 'normal' } }} // a phone is narrower than this sentence
        loading={optIn.isPending}
        onClick={() => optIn.mutate(true)}
      >
        {label}
      </Button>
    </>
  )
}
