import { Anchor, Group, Paper, Stack, Switch, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { useExclude, useExclusionPreview, useRole } from '@/api/crowdworkers'
import { useMayEdit } from '@/api/people'
import { useSession } from '@/api/session'
import type { Crowdworker } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'
import { Suspension } from '@/components/suspension'
import { Bonus } from './bonus'
import { day } from './marks'
import { words } from './words'

const BUTTON = { size: 'xs', variant: 'default' } as const

/** Everything that can be done about one crowdworker; each asks once more, and is audited. */
export function Acts({ person }: { person: Crowdworker }) {
  const isAdmin = useSession().data?.account.role === 'admin'
  const isCrowdworker = person.role === 'crowdworker'
  const named = encodeURIComponent(person.username)
  const mayEdit = useMayEdit(person.id)
  return (
    <Paper withBorder radius="lg" p="md" component="section" aria-label={words.acts}>
      <Stack gap="sm">
        <Title order={2} size="h5">
          {words.acts}
        </Title>
        <Group gap="md">
          <Anchor component={Link} to={`/admin/inbox/messages/${person.id}`} size="sm">
            {words.write}
            {person.thread.unread > 0 && ` (${words.writeUnread(person.thread.unread)})`}
          </Anchor>
          <Anchor component={Link} to={`/admin/conversations?crowdworker=${named}`} size="sm">
            {words.theirConversations}
          </Anchor>
          {person.comparisons > 0 && (
            <Anchor component={Link} to={`/admin/reviews?crowdworker=${named}`} size="sm">
              {words.reviewTheirs}
            </Anchor>
          )}
        </Group>
        {isCrowdworker && (
          <>
            <ProblemAlert error={mayEdit.error} />
            <Switch
              label={words.mayEdit}
              checked={mayEdit.isPending ? mayEdit.variables : person.may_edit}
              onChange={(event) => mayEdit.mutate(event.currentTarget.checked)}
            />
          </>
        )}
        {isCrowdworker && <Excluded person={person} />}
        <Group gap="sm">
          {isCrowdworker && <Exclusion person={person} />}
          {isCrowdworker && <Bonus person={person} />}
          <Suspension person={person} size="xs" variant="outline" />
          {isCrowdworker && isAdmin && <Promotion person={person} />}
        </Group>
      </Stack>
    </Paper>
  )
}

function Excluded({ person }: { person: Crowdworker }) {
  if (!person.excluded_reason) return null
  return (
    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
      {person.excluded_since
        ? words.excludedSince(day(person.excluded_since), person.excluded_reason)
        : words.excluded(person.excluded_reason)}
    </Text>
  )
}

function Exclusion({ person }: { person: Crowdworker }) {
  const exclude = useExclude(person.id)
  const [reason, setReason] = useState('')
  const [since, setSince] = useState('')
  const isOut = person.excluded_reason !== null
  return (
    <>
      <ProblemAlert error={exclude.error} />
      {isOut ? (
        <ConfirmButton
          key="in"
          {...BUTTON}
          label={words.letIn}
          question={words.excludeHelp}
          loading={exclude.isPending}
          onConfirm={() => exclude.mutate({ reason: null, since: null })}
        />
      ) : (
        <ConfirmButton
          key="out"
          {...BUTTON}
          label={words.exclude}
          title={words.excludeTitle(person.username)}
          question={words.excludeHelp}
          loading={exclude.isPending}
          ready={reason.trim() !== ''}
          onConfirm={() => exclude.mutate({ reason: reason.trim(), since: since || null })}
        >
          <TextInput
            label={words.excludeReason}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
            data-autofocus
          />
          <TextInput
            type="date"
            label={words.excludeSince}
            description={words.excludeSinceHelp}
            value={since}
            onChange={(event) => setSince(event.currentTarget.value)}
          />
          <Preview id={person.id} since={since} />
        </ConfirmButton>
      )}
    </>
  )
}

function Preview({ id, since }: { id: string; since: string }) {
  const query = useExclusionPreview(id, since, true)
  if (query.error) return <ProblemAlert error={query.error} />
  if (!query.data) return null
  const { left_out, frozen, tranches } = query.data
  return (
    <Text size="sm" fw={600} role="status">
      {words.excludePreview(left_out, frozen, tranches)}
    </Text>
  )
}

function Promotion({ person }: { person: Crowdworker }) {
  const role = useRole(person.id)
  const [reason, setReason] = useState('')
  return (
    <>
      <ProblemAlert error={role.error} />
      <ConfirmButton
        {...BUTTON}
        label={words.promote}
        title={words.promoteTitle(person.username)}
        question={words.promoteQuestion}
        loading={role.isPending}
        onConfirm={() => role.mutate({ role: 'researcher', reason: reason.trim() })}
      >
        <TextInput
          label={words.reasonOptional}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </ConfirmButton>
    </>
  )
}
