import { Loader, Text, VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import { useAuditEntry } from '@/api/audit'
import type { AuditChange, AuditEntry } from '@/api/types'
import classes from '@/components/audit-changes.module.css'
import { changeWords as words } from '@/components/audit-words'
import { ProblemAlert } from '@/components/problem-alert'

/** What was before and what after, field by field; long texts when somebody wants to see them. */
export function Changes({ entry }: { entry: AuditEntry }) {
  const [opened, setOpened] = useState(false)
  return (
    <>
      {entry.changes.length > 0 && !opened && <Fields changes={entry.changes} />}
      {entry.has_texts && (
        <details className={classes.texts} onToggle={(event) => setOpened(event.currentTarget.open)}>
          <summary>{words.texts}</summary>
          {opened && <Texts id={entry.id} />}
        </details>
      )}
    </>
  )
}

function Texts({ id }: { id: number }) {
  const { data, error, refetch } = useAuditEntry(id)
  if (error) return <ProblemAlert error={error} onRetry={() => void refetch()} />
  return data ? <Fields changes={data.changes} /> : <Loader size="sm" />
}

function Fields({ changes }: { changes: AuditChange[] }) {
  return (
    <dl className={classes.changes}>
      {changes.map((change) => (
        <div key={change.field}>
          <dt>{words.field(change.field)}</dt>
          <dd>{change.lines ? <Lines lines={change.lines} /> : <Sides change={change} />}</dd>
        </div>
      ))}
    </dl>
  )
}

function Sides({ change: { before, after } }: { change: AuditChange }) {
  return (
    <>
      <Side text={before} was />
      <span aria-hidden> → </span>
      <VisuallyHidden> {words.became} </VisuallyHidden>
      <Side text={after} />
    </>
  )
}

function Side({ text, was = false }: { text: string | null | undefined; was?: boolean }) {
  if (text == null) {
    return (
      <Text span inherit c="dimmed" fs="italic">
        {words.nothing}
      </Text>
    )
  }
  return was ? <del className={classes.was}>{text}</del> : <ins className={classes.is}>{text}</ins>
}

function Lines({ lines }: { lines: NonNullable<AuditChange['lines']> }) {
  return (
    <ol className={classes.lines}>
      {lines.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change their order, and may be equal
        <li key={at} data-kind={line.kind}>
          {line.kind === 'skipped' ? (
            words.sameLines(line.text)
          ) : (
            <>
              <span aria-hidden>{{ same: ' ', removed: '−', added: '+' }[line.kind]}</span>
              {line.kind !== 'same' && <VisuallyHidden>{words[line.kind]}</VisuallyHidden>}
              <span dir="auto">{line.text}</span>
            </>
          )}
        </li>
      ))}
    </ol>
  )
}
