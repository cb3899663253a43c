import { Alert, Button, Checkbox, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useSignUp } from '@/api/session'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'

export function SignUpForm({ invitation }: { invitation?: string }) {
  const words = useWords().accounts
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
        <Alert color="gray" title={words.consentTitle}>
          <Stack gap="xs">
            {words.consent.map((sentence) => (
              <Text size="sm" key={sentence}>
                {sentence}
              </Text>
            ))}
          </Stack>
        </Alert>
        <Checkbox
          label={words.agree}
          checked={agreed}
          onChange={(event) => setAgreed(event.currentTarget.checked)}
          error={asked && !agreed && words.mustAgree}
        />
        <Button type="submit" loading={signUp.isPending} fullWidth>
          {words.signUp}
        </Button>
      </Stack>
    </form>
  )
}
