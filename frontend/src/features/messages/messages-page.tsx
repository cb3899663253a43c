import { Badge, Group, Paper, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useMessages, useWriteToResearchers } from '@/api/messages'
import { useSession } from '@/api/session'
import type { Message } from '@/api/types'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { useLanguage, useWords } from '@/i18n/language'
import { LetterForm } from './letter-form'
import classes from './messages-page.module.css'

/** A crowdworker's line to the researchers. */
export function MessagesPage() {
  const words = useWords().messages
  const account = useSession().data?.account
  const write = useWriteToResearchers()
  return (
    <Stack gap="lg" maw={760} mx="auto">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={useMessages()}>
        {(thread) =>
          thread.length === 0 ? <Text c="dimmed">{words.none}</Text> : <Thread messages={thread} />
        }
      </QueryView>
      <Paper withBorder radius="lg" p="lg">
        <LetterForm
          thread={`own:${account?.id}`}
          words={words}
          sending={write.isPending}
          error={write.error}
          onSend={(text, done) => write.mutate({ text }, { onSuccess: done })}
        />
      </Paper>
    </Stack>
  )
}

function Thread({ messages }: { messages: Message[] }) {
  const { language, words: all } = useLanguage()
  const words = all.messages
  // What was new when the page came stays marked until it is left, although asking for it has marked it as read.
  const [before] = useState(
    () => new Set(messages.filter((row) => row.mine || row.read).map((row) => row.id)),
  )
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  return (
    <ol className={classes.thread}>
      {messages.map((row) => (
        <li key={row.id} className={classes.message} data-mine={row.mine}>
          <Group gap="xs" mb={4}>
            <Text size="xs" fw={650}>
              {row.mine ? words.you : words.researchers}
            </Text>
            <Text size="xs" c="dimmed" component="time" dateTime={row.created_at}>
              {when.format(new Date(row.created_at))}
            </Text>
            {!row.mine && !before.has(row.id) && <Badge size="sm">{words.isNew}</Badge>}
          </Group>
          {row.turn_id && <div className={classes.about}>{words.aboutTurn}</div>}
          <div className={classes.text} dir="auto">
            {row.text}
          </div>
        </li>
      ))}
    </ol>
  )
}
