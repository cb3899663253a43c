import { Anchor, Button, Group, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { useNote } from '@/api/reviews'
import type { Revealed } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

/** After one's own pick: in a sentence what the crowdworker did, other reviewers' notes, and room for one's own. */
export function Seen({ seen }: { seen: Revealed }) {
  if (seen.picked === null) return <Text role="status">{words.skipped}</Text>
  const who = seen.crowdworker ?? words.somebody
  return (
    <Stack gap="xs">
      <Text role="status" fw={600}>
        {seen.picked === seen.crowdworker_picked ? words.same(who) : words.other(who)}
      </Text>
      <Text size="sm" c="dimmed">
        {seen.scored_by ? words.scoredBy(seen.scored_by) : words.noScores}{' '}
        <Anchor component={Link} to={`/admin/conversations/${seen.conversation}`} inherit>
          {words.open}
        </Anchor>
      </Text>
      {seen.others
        .filter((one) => one.note)
        .map((one) => (
          <Text
            key={one.by}
            size="sm"
            dir="auto"
            style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}
          >
            {one.by}: {one.note}
          </Text>
        ))}
      <Note key={seen.comparison} seen={seen} />
    </Stack>
  )
}

function Note({ seen }: { seen: Revealed }) {
  const keep = useNote()
  const [text, setText] = useState(seen.note)
  const kept = keep.data?.note ?? seen.note
  return (
    <>
      <ProblemAlert error={keep.error} />
      <Textarea
        label={words.note}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rows={2}
        maxLength={5000}
        maw={640}
      />
      {text.trim() !== kept && (
        <Group>
          <Button
            size="xs"
            variant="default"
            loading={keep.isPending}
            onClick={() => keep.mutate({ comparison: seen.comparison, note: text })}
          >
            {words.keep}
          </Button>
        </Group>
      )}
      {keep.data && text.trim() === kept && (
        <Text size="xs" c="dimmed" role="status">
          {words.kept}
        </Text>
      )}
    </>
  )
}
