import { Switch } from '@mantine/core'
import { useRedTeamOptIn } from '@/api/session'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { Section } from './section'

/** Red-teaming is for those who want it, and only as long as they do. */
export function RedTeamChoice({ optedIn }: { optedIn: boolean }) {
  const words = useWords().account
  const optIn = useRedTeamOptIn()
  return (
    <Section title={words.redTeam}>
      <ProblemAlert error={optIn.error} />
      <Switch
        label={words.redTeamOn}
        description={words.redTeamHelp}
        checked={optIn.isPending ? optIn.variables : optedIn}
        onChange={(event) => optIn.mutate(event.currentTarget.checked)}
      />
    </Section>
  )
}
