import { ScrollArea, Table } from '@mantine/core'
import { useState } from 'react'
import type { Figure } from '@/api/types'
import { axisOf } from '@/components/figure-axis'
import classes from '@/components/figure-view.module.css'

const NUMBERS = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 })
const AXIS = ({ label, unit }: Figure['x']) => (unit ? `${label} (${unit})` : label)

/** The chart's numbers, for who would rather read or hear them; made when it is opened, for they may be thousands. */
export function FigureTable({ figure }: { figure: Figure }) {
  const [open, setOpen] = useState(false)
  const points = figure.series.flatMap((series) => series.points)
  const hasInterval = points.some((point) => point.low != null)
  const isCounted = points.some((point) => point.of != null)
  const axis = axisOf(figure)
  return (
    <details className={classes.again} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && (
        <ScrollArea.Autosize
          mah={320}
          mt="xs"
          viewportProps={{ tabIndex: 0, 'aria-label': `${figure.title}: its numbers`, role: 'region' }}
        >
          <Table fz="xs" verticalSpacing={4} stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Series</Table.Th>
                <Table.Th>{AXIS(figure.x)}</Table.Th>
                <Table.Th ta="end">{AXIS(figure.y)}</Table.Th>
                {hasInterval && <Table.Th ta="end">Interval</Table.Th>}
                {isCounted && <Table.Th ta="end">Counted</Table.Th>}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {figure.series.map((series) =>
                series.points.map((point) => (
                  <Table.Tr key={`${series.name} ${point.x}`}>
                    <Table.Th scope="row">{series.name}</Table.Th>
                    <Table.Td>{axis.label(axis.at(point.x))}</Table.Td>
                    <Table.Td ta="end">{NUMBERS.format(point.y)}</Table.Td>
                    {hasInterval && (
                      <Table.Td ta="end">
                        {point.low != null && point.high != null
                          ? `${NUMBERS.format(point.low)} to ${NUMBERS.format(point.high)}`
                          : '–'}
                      </Table.Td>
                    )}
                    {isCounted && <Table.Td ta="end">{point.of?.toLocaleString() ?? '–'}</Table.Td>}
                  </Table.Tr>
                )),
              )}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      )}
    </details>
  )
}
