import { Anchor, Group, NativeSelect, TextInput } from '@mantine/core'
import { useSearchParams } from 'react-router'
import { auditFile, useAuditChoices } from '@/api/audit'
import classes from './audit.module.css'
import { words } from './words'

const FILTERS = ['person', 'action', 'subject', 'since', 'until'] as const

/** They live in the address: a link is a search that one can send to a colleague. */
export function useAuditFilters() {
  const [params, setParams] = useSearchParams()
  const values: Record<string, string> = {}
  for (const name of FILTERS) {
    const value = params.get(name)
    if (value) values[name] = value
  }
  return {
    values,
    set(name: (typeof FILTERS)[number], value: string) {
      const changed = new URLSearchParams(params)
      if (value) changed.set(name, value)
      else changed.delete(name)
      setParams(changed, { replace: true })
    },
    clear: () => setParams({}, { replace: true }),
  }
}

export function AuditFilters({ filters }: { filters: ReturnType<typeof useAuditFilters> }) {
  const choices = useAuditChoices().data
  const { values, set } = filters
  const chosen = values.subject ?? ''
  const kinds = Object.entries(words.kinds).map(([value, label]) => ({ value, label }))
  // A link may ask for one thing alone.
  const things = chosen && !(chosen in words.kinds) ? [{ value: chosen, label: chosen }, ...kinds] : kinds
  return (
    <search className={classes.filters}>
      <NativeSelect
        label={words.person}
        value={values.person ?? ''}
        onChange={(event) => set('person', event.currentTarget.value)}
        data={[
          { value: '', label: words.anybody },
          { value: '-', label: words.nobody },
          ...(choices?.people ?? []).map((name) => ({ value: name, label: name })),
        ]}
      />
      <NativeSelect
        label={words.action}
        value={values.action ?? ''}
        onChange={(event) => set('action', event.currentTarget.value)}
        data={[
          { value: '', label: words.anyAction },
          ...(choices?.actions ?? []).map((name) => ({ value: name, label: words.did(name) })),
        ]}
      />
      <NativeSelect
        label={words.subject}
        value={chosen}
        onChange={(event) => set('subject', event.currentTarget.value)}
        data={[{ value: '', label: words.anySubject }, ...things]}
      />
      {(['since', 'until'] as const).map((name) => (
        <TextInput
          key={name}
          label={words[name]}
          type="date"
          value={values[name] ?? ''}
          onChange={(event) => set(name, event.currentTarget.value)}
        />
      ))}
      <Group gap="md" className={classes.ways}>
        {Object.keys(values).length > 0 && (
          <Anchor component="button" type="button" size="sm" onClick={filters.clear}>
            {words.clear}
          </Anchor>
        )}
        <Anchor size="sm" href={auditFile(values)} download>
          {words.file}
        </Anchor>
      </Group>
    </search>
  )
}
