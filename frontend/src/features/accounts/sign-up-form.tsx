import { Anchor, Button, Checkbox, PasswordInput, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Link } from 'react-router'
import { useConsentText } from '@/api/consent'
import { useSignUp } from '@/api/session'
import { ConsentText } from '@/components/consent-text'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'

export function SignUpForm({ invitation }: { invitation?: string }) {
  const { accounts: words, consent } = useWords()
  const text = useConsentText()
  const signUp = useSignUp()
  const [agreed, setAgreed] = useState(false)
  const [asked, setAsked] = useState(false)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    setAsked(true)
    if (!agreed) return
    const fields = new FormData(event.currentTarget)
    signUp.mutate({
      username: String(fields.get('username')),
      password: String(fields.get('password')),
      consent: true,
      ...(invitation && { invitation }),
    })
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <ProblemAlert error={signUp.error} />
        <TextInput name="username" label={words.username} autoComplete="username" required autoFocus />
        <PasswordInput
          name="password"
          label={words.password}
          description={words.passwordHint}
          autoComplete="new-password"
          minLength={8}
          required
        />
        <Stack gap={6}>
          <QueryView query={text}>{({ body }) => <ConsentText body={body} />}</QueryView>
          <Anchor component={Link} to="/consent" target="_blank" size="sm">
            {consent.ownPage}
          </Anchor>
        </Stack>
        <Checkbox
          label={consent.agree}
          checked={agreed}
          onChange={(event) => setAgreed(event.currentTarget.checked)}
          error={asked && !agreed && consent.mustAgree}
        />
        <Button type="submit" loading={signUp.isPending} disabled={!text.data} fullWidth>
          {words.signUp}
        </Button>
      </Stack>
    </form>
  )
}
