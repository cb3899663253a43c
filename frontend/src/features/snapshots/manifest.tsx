import { Stack, Table } from '@mantine/core'
import type { SnapshotPage } from '@/api/types'
import { size } from './quantities'
import classes from './snapshots.module.css'
import { words } from './words'

const { page: text } = words

/** What the manifest says, hashes included: enough to tell two snapshots apart for ever. */
export function Manifest({ page }: { page: SnapshotPage }) {
  const rows: [string, string | null | undefined, boolean?][] = [
    [text.base, page.base.source],
    [text.baseHash, page.base.hash, true],
    [text.dataHash, page.data_hash, true],
    [text.system, page.system],
    [text.temperature, page.temperature?.toPrecision(3)],
    [text.referenceMean, page.reference_mean?.toPrecision(3)],
    [text.bytes, page.bytes === null ? text.gone : size(page.bytes)],
  ]
  return (
    <Stack gap="sm">
      <Table verticalSpacing={6} fz="sm">
        <Table.Tbody>
          {rows.map(
            ([name, value, isHash]) =>
              value && (
                <Table.Tr key={name}>
                  <Table.Th scope="row" fw={400} c="dimmed" w="13rem">
                    {name}
                  </Table.Th>
                  <Table.Td className={isHash ? classes.hash : undefined}>{value}</Table.Td>
                </Table.Tr>
              ),
          )}
        </Table.Tbody>
      </Table>
      {Object.keys(page.files).length > 0 && (
        <details className={classes.more}>
          <summary>{text.files}</summary>
          <Table verticalSpacing={6} fz="sm">
            <Table.Tbody>
              {Object.entries(page.files).map(([name, hash]) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row" fw={400}>
                    {name}
                  </Table.Th>
                  <Table.Td className={classes.hash}>{hash}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </details>
      )}
      {Object.keys(page.config).length > 0 && (
        <details className={classes.more}>
          <summary>{text.config}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
          <pre className={classes.config} tabIndex={0}>
            {JSON.stringify(page.config, null, 1)}
          </pre>
        </details>
      )}
    </Stack>
  )
}
