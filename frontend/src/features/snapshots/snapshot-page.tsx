import { Anchor, Badge, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link, useParams } from 'react-router'
import { useRetire, useSnapshot, useUnretire } from '@/api/snapshots'
import type { SnapshotPage as Page } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { DeployedBadges } from './deployed-badges'
import { Manifest } from './manifest'
import { Measured } from './measured'
import classes from './snapshots.module.css'
import { Terms } from './terms'
import { words } from './words'

const { page: text } = words

/** All of one snapshot: what it reached, where it comes from, when it answered. */
export function SnapshotPage() {
  const { name = '' } = useParams()
  return <QueryView query={useSnapshot(name)}>{(page) => <Shown page={page} />}</QueryView>
}

function Shown({ page }: { page: Page }) {
  const { snapshot } = page
  const isInitial = Object.keys(page.files).length === 0 && snapshot.name === 'initial'
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start">
        <PageHead title={snapshot.name} lead={isInitial ? text.initialLead : text.lead[snapshot.kind]} />
        <Actions page={page} isInitial={isInitial} />
      </Group>
      {snapshot.retired_at && (
        <Notice tone="info" role="status">
          {text.retired(moment(snapshot.retired_at))}
        </Notice>
      )}
      {snapshot.erased > 0 && (
        <Notice tone="info" role="status">
          {text.erased(snapshot.erased)}
        </Notice>
      )}
      <div className={classes.columns}>
        <Section title={text.measured}>
          <Measured page={page} isInitial={isInitial} />
        </Section>
        <Stack>
          <Section title={text.deployed}>
            {snapshot.deployed.length > 0 ? (
              <DeployedBadges deployed={snapshot.deployed} />
            ) : (
              <Text size="sm" c="dimmed">
                {text.notDeployed}
              </Text>
            )}
            <Anchor component={Link} to="/admin/deployments" size="sm">
              {text.deployments}
            </Anchor>
          </Section>
          {snapshot.kind === 'policy' && (
            <Section title={text.elo}>
              <EloLines page={page} />
            </Section>
          )}
          {(page.gate || page.relatives.length > 0) && (
            <Section title={text.family}>
              <Family page={page} />
            </Section>
          )}
        </Stack>
      </div>
      <Section title={text.terms}>
        <Terms terms={page.terms} />
      </Section>
      {!isInitial && (
        <Section title={text.manifest}>
          <Manifest page={page} />
        </Section>
      )}
    </Stack>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Paper>
  )
}

function Actions({ page, isInitial }: { page: Page; isInitial: boolean }) {
  const { name, kind, retired_at } = page.snapshot
  const [reason, setReason] = useState('')
  const retire = useRetire(name)
  const unretire = useUnretire(name)
  const ask = (
    <TextInput
      label={words.reason}
      value={reason}
      onChange={(event) => setReason(event.currentTarget.value)}
      data-autofocus
    />
  )
  return (
    <Stack gap="xs" align="flex-end">
      <Group gap="xs">
        <Button component={Link} to={`/admin/lineage?snapshot=${name}`} variant="default">
          {text.lineage}
        </Button>
        {kind === 'policy' && (
          <>
            <Button component={Link} to={`/admin/snapshots/compare?a=${name}`} variant="default">
              {text.compare}
            </Button>
            <Button component={Link} to={`/admin/playground?a=${name}`} variant="default">
              {text.talk}
            </Button>
          </>
        )}
        {!isInitial &&
          (retired_at ? (
            <ConfirmButton
              label={text.unretire}
              question={text.unretireQuestion}
              loading={unretire.isPending}
              onConfirm={() => unretire.mutate(reason.trim())}
            >
              {ask}
            </ConfirmButton>
          ) : (
            <ConfirmButton
              label={text.retire}
              question={text.retireQuestion}
              variant="light"
              color="orange"
              ready={reason.trim() !== ''}
              loading={retire.isPending}
              onConfirm={() => retire.mutate(reason.trim())}
            >
              {ask}
            </ConfirmButton>
          ))}
      </Group>
      <ProblemAlert error={retire.error ?? unretire.error} />
    </Stack>
  )
}

function EloLines({ page }: { page: Page }) {
  if (page.elo.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {text.noElo}
      </Text>
    )
  }
  return page.elo.map((one) => (
    <Group key={`${one.task}-${one.best_of}`} justify="space-between" gap="xs">
      <Text size="sm">
        {one.task}
        {one.best_of > 1 && ` · ${words.best(one.best_of)}`}
      </Text>
      <Text size="sm">
        {one.elo == null ? (
          one.missing
        ) : (
          <>
            <b>{whole(one.elo)}</b>
            {one.low != null && one.high != null && ` (${whole(one.low)} to ${whole(one.high)})`}
          </>
        )}{' '}
        <Text span c="dimmed" inherit>
          · {text.comparisons(one.comparisons)}
        </Text>
      </Text>
    </Group>
  ))
}

function Family({ page: { gate, relatives } }: { page: Page }) {
  const relations = [...new Set(relatives.map(({ relation }) => relation))]
  return (
    <>
      {gate && (
        <Group gap="xs">
          <Text size="sm">{text.gate}</Text>
          <Anchor component={Link} to={`/admin/iterations/${gate.iteration_id}`} size="sm">
            {gate.iteration}
          </Anchor>
          {gate.passed !== null && (
            <Badge variant="light" color={gate.passed ? 'teal' : 'orange'}>
              {gate.passed ? text.passed : text.held}
            </Badge>
          )}
        </Group>
      )}
      {relations.map((relation) => (
        <div key={relation}>
          <Text size="sm" c="dimmed">
            {text.relations[relation]}
          </Text>
          {relatives
            .filter((one) => one.relation === relation)
            .map(({ name, registered }) => (
              <Text key={name} size="sm">
                {registered ? (
                  <Anchor component={Link} to={`/admin/snapshots/${name}`} inherit>
                    {name}
                  </Anchor>
                ) : (
                  name
                )}
              </Text>
            ))}
        </div>
      ))}
    </>
  )
}

const whole = (value: number) => Math.round(value).toLocaleString().replace('-', '−')
