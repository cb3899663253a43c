import './consent.css'
import { Alert, Button, Checkbox, Group, Stack } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useNavigate } from 'react-router'
import { useAgree, useConsentText } from '@/api/consent'
import { Problem } from '@/api/problem'
import { useSignOut } from '@/api/session'
import { useLeaveStudy, useVisit } from '@/api/studies'
import { CardPage } from '@/components/card-page'
import { ConsentText } from '@/components/consent-text'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'

/** In the place of any page while somebody has not agreed to the newest text: agree, or go. */
export function ConsentForm() {
  const words = useWords().consent
  const agree = useAgree()
  const outdated = agree.error instanceof Problem && agree.error.type === 'consent-outdated'
  return (
    <CardPage title={words.title} lead={words.lead} wide>
      {outdated ? (
        <Alert color="yellow">{words.changedMeanwhile}</Alert>
      ) : (
        <ProblemAlert error={agree.error} />
      )}
      <QueryView query={useConsentText()}>
        {(text) => (
          <Agreement
            key={text.version}
            body={text.body}
            sending={agree.isPending}
            onAgree={() => agree.mutate(text.version)}
          />
        )}
      </QueryView>
    </CardPage>
  )
}

interface AgreementProps {
  body: string
  sending: boolean
  onAgree: () => void
}

function Agreement({ body, sending, onAgree }: AgreementProps) {
  const words = useWords().consent
  const [agreed, setAgreed] = useState(false)
  const [asked, setAsked] = useState(false)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    setAsked(true)
    if (agreed) onAgree()
  }

  return (
    <Stack>
      <ConsentText body={body} />
      <form onSubmit={submit} noValidate>
        <Stack>
          <Checkbox
            label={words.agree}
            checked={agreed}
            onChange={(event) => setAgreed(event.currentTarget.checked)}
            error={asked && !agreed && words.mustAgree}
          />
          <Group>
            <Button type="submit" loading={sending}>
              {words.goOn}
            </Button>
            <Decline />
          </Group>
        </Stack>
      </form>
    </Stack>
  )
}

/** Whoever came from a crowd platform goes back there with a code; everybody else just signs out. */
function Decline() {
  const words = useWords().consent
  const visit = useVisit().data
  const leave = useLeaveStudy()
  const signOut = useSignOut()
  const navigate = useNavigate()
  const ofStudy = visit?.status === 'open'
  return (
    <>
      <Button
        variant="subtle"
        color="gray"
        loading={leave.isPending || signOut.isPending}
        onClick={() =>
          ofStudy
            ? leave.mutate(undefined, { onSuccess: () => navigate('/study/end') })
            : signOut.mutate(undefined, { onSuccess: () => navigate('/sign-in') })
        }
      >
        {ofStudy ? words.leaveStudy : words.signOut}
      </Button>
      <ProblemAlert error={leave.error ?? signOut.error} />
    </>
  )
}
