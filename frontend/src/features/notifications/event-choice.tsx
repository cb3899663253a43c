import { Checkbox, Group } from '@mantine/core'
import type { NewReceiver } from '@/api/types'
import { words } from './words'

type Events = NewReceiver['events']

interface EventChoiceProps {
  events: Events
  onChange: (events: Events) => void
}

export function EventChoice({ events, onChange }: EventChoiceProps) {
  return (
    <Checkbox.Group label={words.told} value={events} onChange={(chosen) => onChange(chosen as Events)}>
      <Group gap="lg" mt={6}>
        {Object.entries(words.events).map(([event, label]) => (
          <Checkbox key={event} value={event} label={label} />
        ))}
      </Group>
    </Checkbox.Group>
  )
}
