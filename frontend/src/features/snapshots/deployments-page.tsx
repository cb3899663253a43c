import { Badge, Box, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { useFigure } from '@/api/dashboard'
import { useDecide, useDeployments } from '@/api/snapshots'
import type { Generation } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { FigureView } from '@/components/figure-view'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { ShareBar } from '@/components/share-bar'
import { GenerationsTable } from './generations-table'
import { ShareEditor } from './share-editor'
import classes from './snapshots.module.css'
import { words } from './words'

const SCORING_PM = 'scoring-pm' // in place of a task's name

export function DeploymentsPage() {
  return (
    <Stack gap="lg">
      <PageHead title={words.deployments} lead={words.deploymentsLead} />
      <QueryView query={useDeployments()}>
        {(generations) => {
          const active = generations.filter((row) => row.active)
          if (active.length === 0) return <Text c="dimmed">{words.noDeployments}</Text>
          const tasks = active
            .filter((row) => row.task !== null)
            .sort((one, other) => String(one.task).localeCompare(String(other.task)))
          const pm = active.find((row) => row.task === null)
          return (
            <>
              {[...tasks, ...(pm ? [pm] : [])].map((row) => (
                <Deployed
                  key={row.task ?? ''}
                  active={row}
                  earlier={generations.filter((other) => other.task === row.task && !other.active)}
                />
              ))}
              {!pm && <NoScoringPm />}
            </>
          )
        }}
      </QueryView>
    </Stack>
  )
}

function Deployed({ active, earlier }: { active: Generation; earlier: Generation[] }) {
  const [editing, setEditing] = useState(false)
  const slug = active.task ?? SCORING_PM
  const title = active.task ?? words.scoringPm
  return (
    <Paper withBorder p="lg" component="section" aria-label={title}>
      <Group justify="space-between" mb="md" align="flex-start">
        <div>
          <Group gap="xs">
            <Title order={2} size="h4">
              {title}
            </Title>
            {active.canary && (
              <Badge color="orange" variant="light">
                {words.canary}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {words.generation(active.generation, moment(active.created_at))}
            {active.task === null && `. ${words.scoringLead}`}
          </Text>
        </div>
        {!editing && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setEditing(true)}>
              {active.task === null ? words.choosePm : words.edit}
            </Button>
            {earlier.length > 0 && (
              <Decide
                slug={slug}
                seen={active.generation}
                what="rollback"
                label={words.rollback}
                question={words.rollbackQuestion}
              />
            )}
          </Group>
        )}
      </Group>
      {editing ? (
        <ShareEditor
          slug={slug}
          kind={active.task === null ? 'pm' : 'policy'}
          initial={active.deployments}
          seen={active.generation}
          onClose={() => setEditing(false)}
        />
      ) : (
        <ShareBar shares={active.deployments} best={words.best} />
      )}
      {active.canary && !editing && <Canary slug={slug} active={active} />}
      {active.task !== null && <SharesFigure task={active.task} of={active.generation} />}
      {earlier.length > 0 && (
        <details className={classes.more}>
          <summary>{words.history}</summary>
          <GenerationsTable generations={[active, ...earlier]} />
        </details>
      )}
    </Paper>
  )
}

function NoScoringPm() {
  const [editing, setEditing] = useState(false)
  return (
    <Paper withBorder p="lg" component="section" aria-label={words.scoringPm}>
      <Group justify="space-between" mb={editing ? 'md' : 0}>
        <div>
          <Title order={2} size="h4">
            {words.scoringPm}
          </Title>
          <Text size="sm" c="dimmed">
            {words.noScoringPm}
          </Text>
        </div>
        {!editing && (
          <Button variant="default" onClick={() => setEditing(true)}>
            {words.choosePm}
          </Button>
        )}
      </Group>
      {editing && <ShareEditor slug={SCORING_PM} kind="pm" initial={[]} onClose={() => setEditing(false)} />}
    </Paper>
  )
}

function Canary({ slug, active }: { slug: string; active: Generation }) {
  const full = active.deployments
    .map((row) => `${row.snapshot} ${row.full_share ? `${row.full_share} %` : words.goes}`)
    .join(' · ')
  return (
    <Box mt="sm">
      <Notice tone="info" role="status">
        <Group justify="space-between" gap="sm">
          <Text size="sm" maw="38rem">
            {words.canaryLead} {full}
          </Text>
          <Decide
            slug={slug}
            seen={active.generation}
            what="promote"
            label={words.promote}
            question={words.promoteQuestion}
          />
        </Group>
      </Notice>
    </Box>
  )
}

interface DecideProps {
  slug: string
  seen: number
  what: 'promote' | 'rollback'
  label: string
  question: string
}

function Decide({ slug, seen, what, label, question }: DecideProps) {
  const decide = useDecide(slug, what)
  const [reason, setReason] = useState('')
  return (
    <div>
      <ProblemAlert error={decide.error} />
      <ConfirmButton
        label={label}
        question={question}
        {...(what === 'rollback' && { color: 'orange', variant: 'light' })}
        loading={decide.isPending}
        onConfirm={() => decide.mutate({ reason: reason.trim(), seen })}
      >
        <TextInput
          label={words.reason}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
      </ConfirmButton>
    </div>
  )
}

function SharesFigure({ task, of }: { task: string; of: number }) {
  const asked = { task, of: String(of) }
  return (
    <details className={classes.more}>
      <summary>{words.overTime}</summary>
      <QueryView query={useFigure('deployment-shares', asked)}>
        {(figure) => <FigureView figure={figure} asked={asked} />}
      </QueryView>
    </details>
  )
}
