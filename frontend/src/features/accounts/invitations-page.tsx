import {
  Alert,
  Button,
  Code,
  CopyButton,
  Group,
  NativeSelect,
  Paper,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import type { FormEvent } from 'react'
import { useInvite, useSession } from '@/api/session'
import type { Role } from '@/api/types'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'

/** The admin's page that makes invitation links. */
export function InvitationsPage() {
  const { accounts: words, shared } = useWords()
  const invite = useInvite()
  const isAdmin = useSession().data?.account.role === 'admin'

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    invite.mutate({ role: fields.get('role') as Role, note: String(fields.get('note')) })
  }

  return (
    <Stack>
      <PageHead title={words.invitations} lead={words.invitationsHelp} />
      {!isAdmin && <Alert color="gray">{words.adminsOnly}</Alert>}
      {isAdmin && (
        <Paper withBorder p="lg" maw={560}>
          <form onSubmit={submit}>
            <Stack>
              <ProblemAlert error={invite.error} />
              <NativeSelect
                name="role"
                label={words.role}
                data={Object.entries(words.roles).map(([value, label]) => ({ value, label }))}
              />
              <TextInput name="note" label={words.note} />
              <Group>
                <Button type="submit" loading={invite.isPending}>
                  {words.invite}
                </Button>
              </Group>
            </Stack>
          </form>
        </Paper>
      )}
      {invite.data && (
        <Alert color="teal" maw={560} title={words.inviteLink}>
          <Stack gap="xs" align="flex-start">
            <Code block>{invite.data.url}</Code>
            <CopyButton value={invite.data.url}>
              {({ copied, copy }) => (
                <Button size="xs" variant="light" onClick={copy}>
                  {copied ? shared.copied : shared.copy}
                </Button>
              )}
            </CopyButton>
            <Text size="xs" c="dimmed">
              {words.expiresAt({ when: new Date(invite.data.expires_at).toLocaleString() })}
            </Text>
          </Stack>
        </Alert>
      )}
    </Stack>
  )
}
