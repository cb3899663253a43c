import {
  Anchor,
  Badge,
  Group,
  Paper,
  ScrollArea,
  Stack,
  Switch,
  Table,
  Text,
  VisuallyHidden,
} from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { useMayEdit, usePeople } from '@/api/people'
import type { Person } from '@/api/types'
import { Loading } from '@/components/loading'
import { NextPage } from '@/components/next-page'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { SearchField } from '@/components/search-field'
import { Suspension } from '@/components/suspension'
import { words } from './words'

/** For researchers: who is here, and what they may do. */
export function PeoplePage() {
  const [address, setAddress] = useSearchParams()
  const q = address.get('q') ?? ''
  const query = usePeople(q)
  const people = query.data?.pages.flatMap((page) => page.people)
  return (
    <Stack>
      <PageHead title={words.title} lead={words.lead} />
      <SearchField
        label={words.search}
        value={q}
        onSearch={(typed) => setAddress(typed ? { q: typed } : {}, { replace: true })}
      />
      {query.error && !people && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
      {!people && !query.error && <Loading />}
      {people && (
        <Stack gap="xs" aria-busy={query.isPlaceholderData}>
          {people.length === 0 ? (
            <Text c="dimmed" role="status">
              {q ? words.noMatch : words.none}
            </Text>
          ) : (
            <Rows people={people} />
          )}
          <NextPage query={query} label={words.older} />
        </Stack>
      )}
    </Stack>
  )
}

function Rows({ people }: { people: Person[] }) {
  return (
    <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
      <Table verticalSpacing="sm" miw={680}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.name}</Table.Th>
            <Table.Th>{words.role}</Table.Th>
            <Table.Th ta="end">{words.choices}</Table.Th>
            <Table.Th>{words.since}</Table.Th>
            <Table.Th>{words.mayEdit}</Table.Th>
            <Table.Th>
              <VisuallyHidden>{words.more}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {people.map((person) => (
            <Row key={person.id} person={person} />
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}

function Row({ person }: { person: Person }) {
  const { username, role } = person
  const mayEdit = useMayEdit(person.id)
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          {role === 'crowdworker' ? (
            <Anchor component={Link} to={`/admin/crowdworkers/${person.id}`} size="sm" fw={600}>
              {username}
            </Anchor>
          ) : (
            <Text size="sm" fw={600}>
              {username}
            </Text>
          )}
          {person.suspended && (
            <Badge color="red" variant="light">
              {words.suspended}
            </Badge>
          )}
        </Group>
        <ProblemAlert error={mayEdit.error} />
      </Table.Td>
      <Table.Td>{words.roles[role]}</Table.Td>
      <Table.Td ta="end">{person.comparisons.toLocaleString()}</Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>
        {new Date(person.created_at).toLocaleDateString(undefined, { dateStyle: 'medium' })}
      </Table.Td>
      <Table.Td>
        {role === 'crowdworker' && (
          <Switch
            aria-label={words.mayEditLabel(username)}
            checked={mayEdit.isPending ? mayEdit.variables : person.may_edit}
            onChange={(event) => mayEdit.mutate(event.currentTarget.checked)}
          />
        )}
      </Table.Td>
      <Table.Td>
        <Group gap="sm" justify="flex-end" wrap="nowrap">
          {role === 'crowdworker' && (
            <Anchor
              component={Link}
              to={`/admin/inbox/messages/${person.id}`}
              size="sm"
              aria-label={words.writeTo(username)}
            >
              {words.write}
            </Anchor>
          )}
          <Suspension person={person} size="compact-sm" variant="subtle" />
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}
