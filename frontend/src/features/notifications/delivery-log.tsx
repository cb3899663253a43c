import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useTryAgain } from '@/api/notifications'
import { useSession } from '@/api/session'
import type { Delivery, Notifications } from '@/api/types'
import { moment } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import classes from './delivery-log.module.css'
import { words } from './words'

const COLORS = { waiting: 'blue', delivered: 'teal', 'given-up': 'red' } as const

/** What was sent to whom, with every try and what came back. */
export function DeliveryLog({ notifications: { receivers, deliveries } }: { notifications: Notifications }) {
  const isAdmin = useSession().data?.account.role === 'admin'
  const addresses = new Map(receivers.map(({ id, address }) => [id, address]))
  return (
    <Stack gap="sm" component="section" aria-label={words.log}>
      <Title order={2} size="h4">
        {words.log}
      </Title>
      <Text size="sm" c="dimmed">
        {deliveries.length === 0 ? words.nothingSent : words.logLead}
      </Text>
      {deliveries.map((delivery) => (
        <Entry
          key={delivery.id}
          delivery={delivery}
          to={addresses.get(delivery.receiver_id) ?? ''}
          isAdmin={isAdmin}
        />
      ))}
    </Stack>
  )
}

function Entry({ delivery, to, isAdmin }: { delivery: Delivery; to: string; isAdmin: boolean }) {
  const again = useTryAgain(delivery.id)
  const { status, tries, next_try_at: next } = delivery
  return (
    <Paper withBorder px="md" py="sm" component="article" aria-label={`${delivery.sentence} ${to}`}>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Badge color={COLORS[status]} variant="light">
            {words.statuses[status]}
          </Badge>
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {moment(delivery.created_at)} · {to}
            {status === 'waiting' && next && tries.length > 0 && ` · ${words.next(moment(next))}`}
          </Text>
        </Group>
        {isAdmin && status !== 'waiting' && (
          <Button
            size="compact-sm"
            variant="subtle"
            loading={again.isPending}
            onClick={() => again.mutate(undefined)}
          >
            {words.again}
          </Button>
        )}
      </Group>
      <Text size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
        {delivery.sentence}
      </Text>
      <ol className={classes.tries} aria-label={words.tries}>
        {tries.length === 0 && <li>{words.noTry}</li>}
        {tries.map((one) => (
          <li key={one.at} data-ok={one.ok}>
            {moment(one.at)} · {one.outcome} · {words.took(one.ms)}
          </li>
        ))}
      </ol>
      <ProblemAlert error={again.error} />
    </Paper>
  )
}
