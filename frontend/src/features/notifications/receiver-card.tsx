import { Badge, Button, Group, Paper, Stack, Switch, Text } from '@mantine/core'
import { useState } from 'react'
import { useChangeReceiver, useRemoveReceiver, useTestReceiver } from '@/api/notifications'
import type { NewReceiver, Receiver } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import { EventChoice } from './event-choice'
import { words } from './words'

const EITHER = new Intl.ListFormat('en-GB', { type: 'disjunction' })

export function ReceiverCard({ receiver, isAdmin }: { receiver: Receiver; isAdmin: boolean }) {
  const [changing, setChanging] = useState(false)
  const counts = words.counts(receiver.waiting, receiver.given_up)
  return (
    <Paper withBorder p="md" component="article" aria-label={receiver.address}>
      <Stack gap="xs">
        <Group gap="xs">
          <Badge variant="light">{words.kinds[receiver.kind]}</Badge>
          <Text fw={650} style={{ overflowWrap: 'anywhere' }}>
            {receiver.address}
          </Text>
          {!receiver.active && (
            <Badge variant="light" color="gray">
              {words.paused}
            </Badge>
          )}
          {counts && (
            <Badge variant="light" color={receiver.given_up ? 'red' : 'gray'}>
              {counts}
            </Badge>
          )}
        </Group>
        {changing ? (
          <Settings receiver={receiver} onDone={() => setChanging(false)} />
        ) : (
          <>
            <Text size="sm">
              {words.told}{' '}
              {EITHER.format(
                Object.entries(words.events)
                  .filter(([event]) => receiver.events.includes(event))
                  .map(([, label]) => label),
              )}
              <Text span c="dimmed" inherit>
                {' '}
                · {words.addedBy(receiver.created_by, moment(receiver.created_at))}
              </Text>
            </Text>
            {isAdmin && <Deeds receiver={receiver} onChange={() => setChanging(true)} />}
          </>
        )}
      </Stack>
    </Paper>
  )
}

function Deeds({ receiver, onChange }: { receiver: Receiver; onChange: () => void }) {
  const test = useTestReceiver(receiver.id)
  const remove = useRemoveReceiver(receiver.id)
  return (
    <>
      <Group gap="xs">
        <Button
          size="xs"
          variant="default"
          loading={test.isPending}
          disabled={!receiver.active}
          onClick={() => test.mutate(undefined)}
        >
          {words.test}
        </Button>
        <Button size="xs" variant="default" onClick={onChange}>
          {words.change}
        </Button>
        <ConfirmButton
          size="xs"
          color="red"
          variant="subtle"
          label={words.remove}
          title={words.removeTitle(receiver.address)}
          question={words.removeQuestion}
          onConfirm={() => remove.mutate(undefined)}
        />
      </Group>
      <ProblemAlert error={test.error ?? remove.error} />
    </>
  )
}

function Settings({ receiver, onDone }: { receiver: Receiver; onDone: () => void }) {
  const [events, setEvents] = useState(receiver.events as NewReceiver['events'])
  const [active, setActive] = useState(receiver.active)
  const save = useChangeReceiver(receiver.id)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({ events, active }, { onSuccess: onDone })
      }}
    >
      <Stack>
        <EventChoice events={events} onChange={setEvents} />
        <Switch
          label={words.active}
          checked={active}
          onChange={(event) => setActive(event.currentTarget.checked)}
        />
        <ProblemAlert error={save.error} />
        <Group>
          <Button type="submit" size="xs" loading={save.isPending} disabled={events.length === 0}>
            {words.save}
          </Button>
          <Button size="xs" variant="default" onClick={onDone}>
            {words.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
