import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useAddReceiver } from '@/api/notifications'
import type { NewReceiver } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { EventChoice } from './event-choice'
import { words } from './words'

interface ReceiverFormProps {
  mailFrom: string | null
  onDone: (added?: { secret: string | null }) => void
}

export function ReceiverForm({ mailFrom, onDone }: ReceiverFormProps) {
  const [kind, setKind] = useState<NewReceiver['kind']>('webhook')
  const [address, setAddress] = useState('')
  const [events, setEvents] = useState<NewReceiver['events']>([
    'iteration.held',
    'iteration.failed',
    'iteration.deployed',
  ])
  const add = useAddReceiver()
  const noMail = kind === 'mail' && mailFrom === null
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate({ kind, address, events }, { onSuccess: onDone })
      }}
    >
      <Stack>
        <NativeSelect
          label={words.kind}
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as NewReceiver['kind'])}
          data={(['webhook', 'mail'] as const).map((value) => ({ value, label: words.kinds[value] }))}
        />
        {noMail ? (
          <Text size="sm" c="dimmed">
            {words.noMail}
          </Text>
        ) : (
          <TextInput
            label={words.addresses[kind]}
            description={
              kind === 'webhook' ? words.addressHelp.webhook : words.addressHelp.mail(mailFrom ?? '')
            }
            type={kind === 'webhook' ? 'url' : 'email'}
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
            required
          />
        )}
        <EventChoice events={events} onChange={setEvents} />
        <ProblemAlert error={add.error} />
        <Group>
          <Button type="submit" loading={add.isPending} disabled={noMail || events.length === 0}>
            {words.add}
          </Button>
          <Button variant="default" onClick={() => onDone()}>
            {words.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
