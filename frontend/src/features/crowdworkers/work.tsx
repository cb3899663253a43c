import { Anchor, Badge, Group, Paper, ScrollArea, Stack, Table, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Crowdworker } from '@/api/types'
import { moment } from '@/components/duration'
import { money } from '@/components/money'
import classes from './crowdworkers.module.css'
import { words } from './words'

interface SectionProps {
  title: string
  none: string | null
  children: ReactNode
}

function Section({ title, none, children }: SectionProps) {
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h5">
        {title}
      </Title>
      {none === null ? (
        children
      ) : (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      )}
    </Stack>
  )
}

export function LatestConversations({ person }: { person: Crowdworker }) {
  return (
    <Section title={words.latest} none={person.latest.length === 0 ? words.latestNone : null}>
      <ul className={classes.list}>
        {person.latest.map((one) => (
          <li key={one.id}>
            <Group gap="xs">
              <Anchor component={Link} to={`/admin/conversations/${one.id}`} size="sm">
                {moment(one.created_at)}
              </Anchor>
              <Badge variant="light" color={one.kind === 'red-team' ? 'orange' : 'teal'}>
                {one.task}
              </Badge>
              <Text size="sm" c="dimmed">
                {words.turns(one.turns)} · {words.statuses[one.status]}
              </Text>
            </Group>
          </li>
        ))}
      </ul>
      <Anchor
        component={Link}
        to={`/admin/conversations?crowdworker=${encodeURIComponent(person.username)}`}
        size="sm"
      >
        {words.allConversations}
      </Anchor>
    </Section>
  )
}

export function LatestReviews({ person }: { person: Crowdworker }) {
  const none = person.latest_reviews.length === 0 ? words.reviewsNone : null
  return (
    <Section title={words.reviewsTitle} none={none}>
      <ul className={classes.list}>
        {person.latest_reviews.map((one) => (
          <li key={`${one.comparison}-${one.by}`}>
            <Group gap="xs">
              <Badge variant="light" color={one.agreed ? 'teal' : 'orange'}>
                {one.agreed ? words.agreed : words.disagreed}
              </Badge>
              <Anchor component={Link} to={`/admin/conversations/${one.conversation}`} size="sm">
                {words.reviewBy(one.by, moment(one.at))}
              </Anchor>
            </Group>
            {one.note && (
              <Text size="sm" className={classes.note} dir="auto">
                {one.note}
              </Text>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** Assignments with what they earned, and the visits from a platform that they came with. */
export function Work({ person }: { person: Crowdworker }) {
  const isEmpty = person.assignments.length === 0 && person.visits.length === 0
  return (
    <Section title={words.work} none={isEmpty ? words.workNone : null}>
      {person.assignments.length > 0 && (
        <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
          <Table miw={480} className={classes.table}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.task}</Table.Th>
                <Table.Th>{words.status}</Table.Th>
                <Table.Th>{words.taken}</Table.Th>
                <Table.Th ta="end">{words.earned}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {person.assignments.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>{one.task}</Table.Td>
                  <Table.Td>{words.statuses[one.status]}</Table.Td>
                  <Table.Td className={classes.whole}>{moment(one.created_at)}</Table.Td>
                  <Table.Td ta="end">{one.earned ? money(one.earned, 'en') : '–'}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
      {person.visits.length > 0 && (
        <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
          <Table miw={480}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.visits}</Table.Th>
                <Table.Th>{words.session}</Table.Th>
                <Table.Th>{words.status}</Table.Th>
                <Table.Th>{words.taken}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {person.visits.map((one) => (
                <Table.Tr key={`${one.study}-${one.session}`}>
                  <Table.Td>
                    {words.platform[one.provider]} {one.study}
                  </Table.Td>
                  <Table.Td>{one.session}</Table.Td>
                  <Table.Td>{words.visitStatuses[one.status]}</Table.Td>
                  <Table.Td className={classes.whole}>{moment(one.created_at)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
    </Section>
  )
}
