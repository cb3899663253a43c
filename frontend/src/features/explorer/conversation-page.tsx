import { Anchor, Badge, Button, Group, Paper, Stack, Text } from '@mantine/core'
import { Link, useLocation, useParams } from 'react-router'
import { useExcludeCrowdworker, useOpenTranscript, useTranscript } from '@/api/explorer'
import { useSession } from '@/api/session'
import type { Transcript } from '@/api/types'
import { AgreeToWarning } from '@/components/agree-to-warning'
import { moment } from '@/components/duration'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import classes from './explorer.module.css'
import { Facts } from './facts'
import { LeaveOut } from './leave-out'
import { TurnView } from './turn-view'
import { words } from './words'

/** One conversation in full. The words of a red-team conversation are there while it is opened, and nowhere after. */
export function ConversationPage() {
  const { id = '' } = useParams()
  return <Conversation key={id} id={id} />
}

function Conversation({ id }: { id: string }) {
  const search = (useLocation().state as { search?: string } | null)?.search ?? ''
  const opening = useOpenTranscript(id)
  return (
    <Stack gap="lg">
      <Anchor component={Link} to={`/admin/conversations${search}`} size="sm" w="fit-content">
        ← {words.back}
      </Anchor>
      <QueryView query={useTranscript(id)}>
        {(row) => {
          const shown = opening.data ? withWords(row, opening.data) : row
          return (
            <>
              <Head row={row} />
              {row.covered && <Cover opened={!shown.covered} opening={opening} />}
              <About row={shown} />
              {shown.turns.length === 0 && <Text c="dimmed">{words.noTurns}</Text>}
              {shown.turns.map((turn) => (
                <TurnView key={turn.id} conversation={shown} turn={turn} />
              ))}
            </>
          )
        }}
      </QueryView>
    </Stack>
  )
}

/** The rows as they are now, with the words as they were when it was opened. */
function withWords(row: Transcript, opened: Transcript): Transcript {
  return {
    ...row,
    covered: false,
    comment: opened.comment,
    red_team_plan: opened.red_team_plan,
    turns: row.turns.map((turn) => {
      const words = opened.turns.find((one) => one.id === turn.id)
      return words ? { ...words, comparisons: turn.comparisons } : turn
    }),
  }
}

function Head({ row }: { row: Transcript }) {
  return (
    <div>
      <Group gap="sm" align="center">
        <PageHead title={words.conversation} />
        <Badge variant="light" color={row.task.kind === 'red-team' ? 'orange' : 'teal'}>
          {row.task.slug}
        </Badge>
        <Badge variant="default">{words.statuses[row.status]}</Badge>
        {row.split && <Badge variant="default">{words.splits[row.split]}</Badge>}
      </Group>
      <Text c="dimmed" size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
        {moment(row.created_at)}
        {row.crowdworker && (
          <>
            {` · ${words.by} `}
            <Anchor
              component={Link}
              to={`/admin/conversations?crowdworker=${encodeURIComponent(row.crowdworker.username)}`}
              aria-label={words.allOf(row.crowdworker.username)}
              size="sm"
              underline="always"
            >
              {row.crowdworker.username}
            </Anchor>
            {' · '}
            <Anchor
              component={Link}
              to={`/admin/crowdworkers/${row.crowdworker.id}`}
              size="sm"
              underline="always"
            >
              {words.howTheyChoose}
            </Anchor>
          </>
        )}
        {row.imported_from && ` · ${words.from} ${row.imported_from}`}
      </Text>
      {row.crowdworker && <Person row={row} crowdworker={row.crowdworker} />}
    </div>
  )
}

function Person({
  row,
  crowdworker,
}: {
  row: Transcript
  crowdworker: NonNullable<Transcript['crowdworker']>
}) {
  const exclude = useExcludeCrowdworker(row.id)
  const reason = crowdworker.excluded_reason
  return (
    <Stack gap={4} mt={6} align="flex-start">
      {reason && <Text size="sm">{words.personLeftOut(reason)}</Text>}
      <LeaveOut
        reason={reason}
        label={words.leaveOutPerson}
        title={words.leaveOutPerson}
        question={words.leaveOutPersonQuestion}
        letIn={words.letInPerson}
        exclude={exclude}
        id={crowdworker.id}
      />
    </Stack>
  )
}

interface CoverProps {
  opened: boolean
  opening: ReturnType<typeof useOpenTranscript>
}

/** Before the words of a red-team conversation: the warning, once; and a click, every time. */
function Cover({ opened, opening }: CoverProps) {
  const agreed = useSession().data?.account.red_team_opt_in ?? false
  if (opened) {
    return (
      <Button variant="default" size="xs" w="fit-content" onClick={() => opening.reset()}>
        {words.close}
      </Button>
    )
  }
  return (
    <Notice tone="warning" role="status" title={words.warningTitle}>
      <Stack gap="xs" align="flex-start">
        {agreed ? (
          <Text size="sm">{words.openQuestion}</Text>
        ) : (
          words.warning.map((sentence) => (
            <Text size="sm" key={sentence}>
              {sentence}
            </Text>
          ))
        )}
        <ProblemAlert error={opening.error} />
        {agreed ? (
          <Button size="sm" color="orange" loading={opening.isPending} onClick={() => opening.mutate()}>
            {words.open}
          </Button>
        ) : (
          <AgreeToWarning label={words.agree} />
        )}
      </Stack>
    </Notice>
  )
}

function About({ row }: { row: Transcript }) {
  const rating = (value: number | null) => value !== null && words.outOf5(value)
  return (
    <Paper withBorder radius="lg" p="md">
      <Facts
        rows={[
          [words.plan, row.red_team_plan],
          [words.comment, row.comment],
          [words.rating, rating(row.overall_rating)],
          [words.success, rating(row.attack_success)],
          [words.harm, rating(row.attack_harm)],
          [words.actionability, rating(row.attack_actionability)],
        ]}
      />
      <details className={classes.more}>
        <summary>{words.about}</summary>
        <Facts
          rows={[
            [words.id, row.id],
            [words.began, moment(row.created_at)],
            [words.ended, row.completed_at && moment(row.completed_at)],
            [words.position, row.position],
            [words.system, row.system],
            [words.family, row.family],
          ]}
        />
      </details>
    </Paper>
  )
}
