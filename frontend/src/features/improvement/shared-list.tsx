import { Anchor, Button, CopyButton, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useRevokeSheet, useSharedSheets } from '@/api/improvement'
import type { SharedSheet } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import classes from './improvement.module.css'
import { words } from './words'

/** What was shared, and the way to take it back. Nothing where nothing was. */
export function SharedList() {
  return (
    <QueryView query={useSharedSheets()}>
      {(shared) =>
        shared.length > 0 && (
          <Stack gap="xs" component="section" aria-label={words.shared}>
            <Title order={2} size="h4">
              {words.shared}
            </Title>
            <Paper withBorder radius="lg" component="ul" className={classes.shared}>
              {shared.map((one) => (
                <Line key={one.id} shared={one} />
              ))}
            </Paper>
          </Stack>
        )
      }
    </QueryView>
  )
}

function Line({ shared }: { shared: SharedSheet }) {
  const revoke = useRevokeSheet()
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <div className={classes.name}>
          <Text fw={600}>{shared.title}</Text>
          <Text size="sm" c="dimmed">
            {words.sharedBy(shared.created_by, moment(shared.created_at))}
            {shared.revoked_at && `; ${words.revokedBy(shared.revoked_by, moment(shared.revoked_at))}`}
          </Text>
        </div>
        {shared.url && (
          <Group gap="xs">
            <Anchor href={new URL(shared.url).pathname} target="_blank" size="sm">
              {words.open}
            </Anchor>
            <CopyButton value={shared.url}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" onClick={copy}>
                  {copied ? words.copied : words.copy}
                </Button>
              )}
            </CopyButton>
            <ConfirmButton
              size="xs"
              variant="subtle"
              color="red"
              label={words.revoke}
              title={words.revokeTitle}
              question={words.revokeQuestion}
              loading={revoke.isPending}
              onConfirm={() => revoke.mutate(shared.id)}
            />
          </Group>
        )}
      </Group>
      <ProblemAlert error={revoke.error} />
    </li>
  )
}
