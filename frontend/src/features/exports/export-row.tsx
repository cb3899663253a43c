import { Badge, Button, Group, Progress, Text } from '@mantine/core'
import { fileOf, isOpen, useCancelExport, useDeleteExport } from '@/api/exports'
import type { Export } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import classes from './exports.module.css'
import { words } from './words'

const LONG_MS = 60_000
const COLORS = {
  waiting: 'gray',
  running: 'blue',
  done: 'teal',
  failed: 'red',
  cancelled: 'gray',
  deleted: 'gray',
} as const

/** One export: what it holds, how far it is, and the way to its file. */
export function ExportRow({ row }: { row: Export }) {
  return (
    <li className={classes.item}>
      <div className={classes.about}>
        <Group gap="xs">
          <Text fw={600} size="sm">
            {title(row)}
          </Text>
          <Badge variant="default">{row.format}</Badge>
          <Badge variant="light" color={COLORS[row.status]}>
            {words.statuses[row.status]}
          </Badge>
        </Group>
        <Text size="xs" c="dimmed" mt={2}>
          {words.asked(row.asked_by, moment(row.asked_at))}
        </Text>
        <State row={row} />
      </div>
      <Actions row={row} />
    </li>
  )
}

function State({ row }: { row: Export }) {
  if (row.status === 'waiting') {
    const waitsLong = Date.now() - Date.parse(row.asked_at) > LONG_MS
    return <Text size="sm">{waitsLong ? words.waitsLong : words.waits}</Text>
  }
  if (row.status === 'running') return <Running row={row} />
  if (row.status !== 'done') return <Text size="sm">{row.reason}</Text>
  return (
    <>
      <Text size="sm">
        {words.written(row.rows_done, words.bytes(row.bytes ?? 0))}
        {row.expires_at && ` · ${words.until(moment(row.expires_at))}`}
      </Text>
      <Text size="xs" c="dimmed" className={classes.hash}>
        {words.digest} {row.sha256}
      </Text>
    </>
  )
}

function Running({ row }: { row: Export }) {
  const total = row.rows_total ?? 0
  const said = total > 0 ? words.progress(row.rows_done, total) : words.counting
  return (
    <>
      <Text size="sm" role="status">
        {said}
      </Text>
      <Progress
        mt={4}
        value={total > 0 ? (100 * row.rows_done) / total : 100}
        animated={total === 0}
        aria-label={said}
      />
    </>
  )
}

function Actions({ row }: { row: Export }) {
  const cancel = useCancelExport()
  const remove = useDeleteExport()
  return (
    <div>
      <Group gap="sm">
        {row.status === 'done' && row.allowed && (
          <Button
            component="a"
            size="xs"
            href={fileOf(row.id)}
            download
            aria-label={words.downloadOf(row.file_name ?? '')}
          >
            {words.download}
          </Button>
        )}
        {row.status === 'done' && (
          <ConfirmButton
            size="xs"
            variant="default"
            label={words.delete}
            title={words.deleteTitle}
            question={words.deleteQuestion}
            onConfirm={() => remove.mutate(row.id)}
          />
        )}
        {isOpen(row) && (
          <Button
            size="xs"
            variant="default"
            loading={cancel.isPending}
            disabled={cancel.isSuccess}
            onClick={() => cancel.mutate(row.id)}
          >
            {cancel.isSuccess ? words.stopping : words.cancel}
          </Button>
        )}
      </Group>
      {row.status === 'done' && !row.allowed && (
        <Text size="xs" c="dimmed" mt={4} maw="16rem">
          {words.notAllowed}
        </Text>
      )}
      <ProblemAlert error={cancel.error ?? remove.error} />
    </div>
  )
}

function title(row: Export): string {
  const what = row.tranche
    ? words.tranche(row.tranche)
    : row.iteration
      ? words.iteration(row.iteration)
      : words.everythingShort
  return words.of(what, row.task && words.tasks[row.task])
}
