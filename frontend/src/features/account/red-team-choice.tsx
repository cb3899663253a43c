import { Switch } from '@mantine/core'
import { useRedTeamOptIn } from '@/api/session'
import { useKept } from '@/components/kept'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { Section } from './section'

/** Red-teaming is for those who want it, and only as long as they do. */
export function RedTeamChoice({ optedIn }: { optedIn: boolean }) {
  const words = useWords().account
  const optIn = useRedTeamOptIn()
  const [blur, setBlur] = useKept('turnwise:draft:blur') // the chat's own switch, which red-teaming shows
  return (
    <Section title={words.redTeam}>
      <ProblemAlert error={optIn.error} />
      <Switch
        label={words.redTeamOn}
        description={words.redTeamHelp}
        checked={optIn.isPending ? optIn.variables : optedIn}
        onChange={(event) => optIn.mutate(event.currentTarget.checked)}
      />
      <Switch
        label={words.blur}
        description={words.blurHelp}
        checked={blur !== ''}
        onChange={(event) => setBlur(event.currentTarget.checked ? 'on' : '')}
      />
    </Section>
  )
}
