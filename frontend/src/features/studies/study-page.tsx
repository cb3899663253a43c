import { Button, Stack, Text } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { Problem } from '@/api/problem'
import { useSession, useSignOut } from '@/api/session'
import { useEnterStudy } from '@/api/studies'
import type { StudyEntry } from '@/api/types'
import { CardPage } from '@/components/card-page'
import { Loading } from '@/components/loading'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'

/** Where a crowd platform's link leads: signs the participant in and goes on to the work, or to the code if all is done. */
export function StudyPage() {
  const words = useWords().studies
  const [parameters] = useSearchParams()
  const { mutate, error } = useEnterStudy()
  const navigate = useNavigate()

  const enter = () =>
    mutate(entryOf(parameters), {
      // The platform's ids leave the address bar: nobody should copy or bookmark them.
      onSuccess: ({ status, study }) =>
        navigate(status === 'open' ? `/tasks/${study.task}` : '/study/end', { replace: true }),
    })
  const latest = useRef(enter)
  latest.current = enter
  useEffect(() => latest.current(), [])

  if (!error) return <Loading />
  const somebodyElse = error instanceof Problem && error.type === 'signed-in-already'
  const incomplete = error instanceof Problem && error.status < 500 && error.status !== 429
  return (
    <CardPage title={words.cannotOpen}>
      <Stack>
        <ProblemAlert error={error} {...(!incomplete && { onRetry: enter })} />
        {somebodyElse ? (
          <SignOutFirst onSignedOut={enter} />
        ) : (
          <Text size="sm" c="dimmed">
            {words.openAgain}
          </Text>
        )}
      </Stack>
    </CardPage>
  )
}

function SignOutFirst({ onSignedOut }: { onSignedOut: () => void }) {
  const words = useWords().studies
  const session = useSession() // signing out takes its token
  const signOut = useSignOut()
  return (
    <>
      <ProblemAlert error={signOut.error} />
      <Button
        loading={session.isPending || signOut.isPending}
        onClick={() => signOut.mutate(undefined, { onSuccess: onSignedOut })}
      >
        {words.signedInAlready}
      </Button>
    </>
  )
}

/** What the link brings. What is missing is sent as missing: the server has the sentence for it. */
function entryOf(parameters: URLSearchParams): StudyEntry {
  const token = parameters.get('token')
  if (token !== null) return { provider: 'mturk', token }
  return {
    provider: 'prolific',
    study: parameters.get('STUDY_ID') ?? '',
    participant: parameters.get('PROLIFIC_PID') ?? '',
    session: parameters.get('SESSION_ID') ?? '',
  }
}
