import { Anchor, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { Link, useParams } from 'react-router'
import { useAnswerThread, useThread } from '@/api/messages'
import type { ThreadMessage } from '@/api/types'
import { moment } from '@/components/duration'
import { Markdown } from '@/components/markdown'
import { QueryView } from '@/components/query-view'
import inbox from './inbox.module.css'
import { LetterForm } from './letter-form'
import classes from './messages-page.module.css'
import { words } from './words'

/** One crowdworker's messages with what they are about, and the field for the answer. */
export function ThreadView() {
  const { accountId = '' } = useParams()
  const send = useAnswerThread(accountId)
  return (
    <Stack gap="lg">
      <Anchor component={Link} to="/admin/inbox/messages" size="sm">
        ← {words.back}
      </Anchor>
      <QueryView query={useThread(accountId)}>
        {(thread) => (
          <>
            <Title order={2} size="h4">
              {words.threadOf(thread.username)}
            </Title>
            {thread.messages.length === 0 && <Text c="dimmed">{words.noMessages}</Text>}
            <ol className={classes.thread}>
              {thread.messages.map((row) => (
                <MessageView key={row.id} row={row} />
              ))}
            </ol>
            <Paper withBorder radius="lg" p="lg">
              <LetterForm
                key={accountId}
                thread={accountId}
                words={words.answer}
                sending={send.isPending}
                error={send.error}
                onSend={(text, done) => send.mutate(text, { onSuccess: done })}
              />
            </Paper>
          </>
        )}
      </QueryView>
    </Stack>
  )
}

function MessageView({ row }: { row: ThreadMessage }) {
  return (
    <li className={classes.message} data-mine={!row.from_crowdworker}>
      <Group gap="xs" mb={4}>
        <Text size="xs" fw={650}>
          {row.author}
        </Text>
        <Text size="xs" c="dimmed" component="time" dateTime={row.created_at}>
          {moment(row.created_at)}
        </Text>
      </Group>
      {row.about && (
        <details className={classes.about}>
          <summary style={{ cursor: 'pointer' }}>{words.about}</summary>
          <Stack gap="xs" mt="xs">
            <div>
              <Text size="xs" fw={650}>
                {words.human}
              </Text>
              <div className={classes.text} dir="auto">
                {row.about.human}
              </div>
            </div>
            {row.about.candidates.map((candidate) => (
              <div key={candidate.shown} className={inbox.quote}>
                <Text size="xs" fw={650}>
                  {words.candidates[candidate.shown]}
                </Text>
                <Markdown text={candidate.text} />
              </div>
            ))}
          </Stack>
        </details>
      )}
      <div className={classes.text} dir="auto">
        {row.text}
      </div>
    </li>
  )
}
