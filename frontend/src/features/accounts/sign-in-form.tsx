import './accounts.css'
import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import type { FormEvent } from 'react'
import { Link, useLocation } from 'react-router'
import { useSignIn } from '@/api/session'
import { CardPage } from '@/components/card-page'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'

/** Rendered at /sign-in, and in the place of any page that needs a session: the address stays, so signing in leads
 * back to it. */
export function SignInForm({ expired = false }: { expired?: boolean }) {
  const words = useWords().accounts
  const signIn = useSignIn()
  const location = useLocation()

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    signIn.mutate({ username: String(fields.get('username')), password: String(fields.get('password')) })
  }

  return (
    <CardPage title={words.signIn} lead={expired ? undefined : words.welcome}>
      <form onSubmit={submit}>
        <Stack>
          {expired && !signIn.error && <Alert color="yellow">{words.expired}</Alert>}
          <ProblemAlert error={signIn.error} />
          <TextInput name="username" label={words.username} autoComplete="username" required autoFocus />
          <PasswordInput name="password" label={words.password} autoComplete="current-password" required />
          <Button type="submit" loading={signIn.isPending} fullWidth>
            {words.signIn}
          </Button>
          <Text size="sm" ta="center" c="dimmed">
            {words.noAccount}{' '}
            <Anchor component={Link} underline="always" to="/sign-up" state={{ from: location.pathname }}>
              {words.signUp}
            </Anchor>
          </Text>
        </Stack>
      </form>
    </CardPage>
  )
}
