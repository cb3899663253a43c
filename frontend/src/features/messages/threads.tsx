import { Badge, Group, Paper, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useThreads } from '@/api/messages'
import { moment } from '@/components/duration'
import { QueryView } from '@/components/query-view'
import classes from './inbox.module.css'
import { words } from './words'

/** Whose message waits, newest first. */
export function Threads() {
  return (
    <QueryView query={useThreads()}>
      {(threads) =>
        threads.length === 0 ? (
          <Text c="dimmed">{words.noThreads}</Text>
        ) : (
          <Paper withBorder radius="lg" style={{ overflow: 'hidden' }}>
            <ul className={classes.list}>
              {threads.map((thread) => (
                <li key={thread.account_id}>
                  <Link className={classes.row} to={`/admin/inbox/messages/${thread.account_id}`}>
                    <Group justify="space-between" gap="sm" wrap="nowrap">
                      <Group gap="sm" wrap="nowrap" miw={0}>
                        <Text fw={650} truncate>
                          {thread.username}
                        </Text>
                        {thread.unread > 0 && <Badge>{words.unread(thread.unread)}</Badge>}
                      </Group>
                      <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                        {moment(thread.last_at)}
                      </Text>
                    </Group>
                    <Text size="sm" c="dimmed" truncate dir="auto">
                      {!thread.last_from_crowdworker && words.lastByUs}
                      {thread.last_text}
                    </Text>
                  </Link>
                </li>
              ))}
            </ul>
          </Paper>
        )
      }
    </QueryView>
  )
}
