import './account.css'
import { Button, Group, Stack } from '@mantine/core'
import { useNavigate } from 'react-router'
import { useSession, useSignOut } from '@/api/session'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { Display } from './display'
import { OwnData } from './own-data'
import { Rates } from './rates'
import { RedTeamChoice } from './red-team-choice'
import { Work } from './work'

/** One's own page: what was done and earned, how the pages behave, what is stored. */
export function AccountPage() {
  const words = useWords().account
  const account = useSession().data?.account
  if (!account) return null
  const crowdworker = account.role === 'crowdworker'
  return (
    <Stack gap="lg" maw={820} mx="auto">
      <Group justify="space-between" align="flex-end">
        <PageHead title={words.title} lead={words.signedInAs({ username: account.username })} />
        <SignOut />
      </Group>
      {crowdworker && (
        <>
          <Work />
          <Rates />
        </>
      )}
      <Display />
      {crowdworker && <RedTeamChoice optedIn={account.red_team_opt_in} />}
      <OwnData />
    </Stack>
  )
}

function SignOut() {
  const words = useWords().account
  const signOut = useSignOut()
  const navigate = useNavigate()
  return (
    <>
      <ProblemAlert error={signOut.error} />
      <Button
        variant="default"
        hiddenFrom="sm" // wider, it is in the bar above
        loading={signOut.isPending}
        onClick={() => signOut.mutate(undefined, { onSuccess: () => navigate('/sign-in') })}
      >
        {words.signOut}
      </Button>
    </>
  )
}
