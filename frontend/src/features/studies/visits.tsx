import { ScrollArea, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { useStudyVisits } from '@/api/studies'
import { moment } from '@/components/duration'
import { QueryView } from '@/components/query-view'
import { words } from './words'

/** Who came by a study, to be compared with what the platform says. Asked for when it is opened. */
export function Visits({ study }: { study: string }) {
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <Text component="summary" size="sm" c="dimmed" style={{ cursor: 'pointer' }}>
        {words.showVisits}
      </Text>
      {open && <VisitTable study={study} />}
    </details>
  )
}

function VisitTable({ study }: { study: string }) {
  return (
    <QueryView query={useStudyVisits(study)}>
      {(visits) =>
        visits.length === 0 ? (
          <Text size="sm" mt="sm">
            {words.noVisits}
          </Text>
        ) : (
          <ScrollArea mt="sm" viewportProps={{ tabIndex: 0 }}>
            <Table miw={640}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{words.participant}</Table.Th>
                  <Table.Th>{words.session}</Table.Th>
                  <Table.Th>{words.username}</Table.Th>
                  <Table.Th>{words.status}</Table.Th>
                  <Table.Th>{words.code}</Table.Th>
                  <Table.Th>{words.since}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {visits.map((visit) => (
                  <Table.Tr key={visit.session}>
                    <Table.Td>{visit.participant}</Table.Td>
                    <Table.Td>{visit.session}</Table.Td>
                    <Table.Td>{visit.username}</Table.Td>
                    <Table.Td>{words.statuses[visit.status]}</Table.Td>
                    <Table.Td>{visit.code}</Table.Td>
                    <Table.Td style={{ whiteSpace: 'nowrap' }}>{moment(visit.created_at)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </ScrollArea>
        )
      }
    </QueryView>
  )
}
