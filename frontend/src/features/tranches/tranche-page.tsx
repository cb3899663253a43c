import { Anchor, Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link, useParams } from 'react-router'
import { datasheetOf, useTranche } from '@/api/tranches'
import type { Datasheet } from '@/api/types'
import { moment } from '@/components/duration'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { Asked, Met, Who, Written } from './facts'
import { Shares } from './shares'
import classes from './tranches.module.css'
import { words } from './words'

/** One tranche's datasheet. */
export function TranchePage() {
  const { name = '' } = useParams()
  return (
    <Stack gap="lg">
      <Anchor component={Link} to="/admin/tranches" size="sm" w="fit-content">
        ← {words.back}
      </Anchor>
      <QueryView query={useTranche(name)}>{(sheet) => <Sheet sheet={sheet} />}</QueryView>
    </Stack>
  )
}

function Sheet({ sheet }: { sheet: Datasheet }) {
  return (
    <>
      <Head sheet={sheet} />
      {sheet.facts === null && (
        <Notice tone="info" role="status">
          {words.counting}
        </Notice>
      )}
      <Card title={words.limits}>
        <ul className={classes.limits}>
          {sheet.limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      </Card>
      {sheet.facts && sheet.facts.pairs.length + sheet.facts.of_no_two_policies > 0 && (
        <Card title={words.met}>
          <Met facts={sheet.facts} />
        </Card>
      )}
      <div className={classes.cards}>
        <Card title={words.asked}>
          <Asked sheet={sheet} facts={sheet.facts} />
        </Card>
        {sheet.facts && (
          <>
            <Card title={words.who}>
              <Who sheet={sheet} facts={sheet.facts} />
            </Card>
            <Card title={words.texts}>
              <Written sheet={sheet} facts={sheet.facts} />
            </Card>
          </>
        )}
        <Card title={words.origin}>
          <Origin sheet={sheet} />
        </Card>
        <Card title={words.use}>
          <Use sheet={sheet} />
        </Card>
        <Card title={words.again}>
          <Again sheet={sheet} />
        </Card>
      </div>
    </>
  )
}

function Head({ sheet }: { sheet: Datasheet }) {
  const { facts, frozen_by } = sheet
  return (
    <div>
      <Group gap="sm" align="center">
        <PageHead title={sheet.name} />
        <Badge variant="light">{words.kinds[sheet.kind]}</Badge>
      </Group>
      <Text mt={4}>
        {words.of(sheet.comparisons, sheet.conversations)}, {words.frozen(moment(sheet.created_at))}
        {frozen_by && (
          <>
            {' '}
            {words.by}{' '}
            <Anchor component={Link} to={`/admin/iterations/${frozen_by.id}`} inherit>
              {frozen_by.name}
            </Anchor>
          </>
        )}
        {facts?.first_at && facts.last_at && `, ${words.chosenFrom(day(facts.first_at), day(facts.last_at))}`}
        .
      </Text>
      <Text size="sm" c="dimmed" mt={4}>
        {words.hash} <span className={classes.hash}>{sheet.content_hash}</span>
      </Text>
      <Group mt="md" gap="sm">
        <Button component={Link} to={`/admin/exports?tranche=${encodeURIComponent(sheet.name)}`}>
          {words.export}
        </Button>
        <Button component="a" variant="default" href={datasheetOf(sheet.name)} download>
          {words.file}
        </Button>
      </Group>
    </div>
  )
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="lg" component="section" aria-label={title} className={classes.card}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Paper>
  )
}

function Origin({ sheet }: { sheet: Datasheet }) {
  const reasons = Object.entries(sheet.exclusions).sort((a, b) => b[1] - a[1])
  return (
    <>
      {reasons.length === 0 ? (
        <Text size="sm">{words.nothingLeftOut}</Text>
      ) : (
        <Shares title={words.leftOutHelp} rows={reasons} of={sheet.left_out} />
      )}
      <Text size="sm">{words.erasedSince(sheet.erased)}</Text>
    </>
  )
}

function Use({ sheet }: { sheet: Datasheet }) {
  if (sheet.trained.length === 0) return <Text size="sm">{words.unused}</Text>
  return (
    <Stack gap="xs">
      {sheet.trained.map(({ iteration, snapshots }) => (
        <Text size="sm" key={iteration.id}>
          <Anchor component={Link} to={`/admin/iterations/${iteration.id}`} inherit fw={600}>
            {iteration.name}
          </Anchor>{' '}
          ({words.statuses[iteration.status]}) {words.trained}:{' '}
          {snapshots.map(({ name, kind }) => `${name} (${words.snapshotKinds[kind]})`).join(', ') ||
            words.madeNothing}
        </Text>
      ))}
    </Stack>
  )
}

function Again({ sheet }: { sheet: Datasheet }) {
  return (
    <>
      {Object.entries(sheet.commands).map(([name, command]) => (
        <div key={name}>
          <Text size="sm" c="dimmed" mb={4}>
            {words.commands[name]}
          </Text>
          <code className={classes.command}>{command}</code>
        </div>
      ))}
      <Text size="xs" c="dimmed">
        {words.sameHash}
      </Text>
    </>
  )
}

function day(at: string): string {
  return new Date(at).toLocaleDateString(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
}
