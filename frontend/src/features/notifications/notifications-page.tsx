import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useNotifications } from '@/api/notifications'
import { useSession } from '@/api/session'
import type { Notifications } from '@/api/types'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { DeliveryLog } from './delivery-log'
import { ReceiverCard } from './receiver-card'
import { ReceiverForm } from './receiver-form'
import { Secret } from './secret'
import { words } from './words'

/** Who is told of an iteration's end, and what became of each message. Researchers look, admins decide. */
export function NotificationsPage() {
  return (
    <Stack gap="xl">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={useNotifications()}>
        {(notifications) => (
          <>
            <Receivers notifications={notifications} />
            <DeliveryLog notifications={notifications} />
          </>
        )}
      </QueryView>
    </Stack>
  )
}

function Receivers({ notifications: { receivers, mail_from: mailFrom } }: { notifications: Notifications }) {
  const isAdmin = useSession().data?.account.role === 'admin'
  const [adding, setAdding] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  return (
    <Stack gap="sm" component="section" aria-label={words.receivers}>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {words.receivers}
        </Title>
        {isAdmin && !adding && <Button onClick={() => setAdding(true)}>{words.add}</Button>}
      </Group>
      {adding && (
        <Paper withBorder p="lg" maw={620}>
          <ReceiverForm
            mailFrom={mailFrom}
            onDone={(added) => {
              setAdding(false)
              if (added?.secret) setSecret(added.secret)
            }}
          />
        </Paper>
      )}
      {secret && <Secret secret={secret} onSeen={() => setSecret(null)} />}
      {receivers.length === 0 && !adding && (
        <Text c="dimmed">{isAdmin ? words.none : words.noneForResearchers}</Text>
      )}
      {receivers.map((receiver) => (
        <ReceiverCard key={receiver.id} receiver={receiver} isAdmin={isAdmin} />
      ))}
    </Stack>
  )
}
