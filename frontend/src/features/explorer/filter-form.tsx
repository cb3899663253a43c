import { Anchor, Button, Group, NativeSelect, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useFilterChoices } from '@/api/explorer'
import classes from './explorer.module.css'
import type { Filter, useFilters } from './filters'
import { words } from './words'

type Filters = ReturnType<typeof useFilters>

/** Words, and what else a conversation must be. A choice counts at once; what is typed, with Enter or on leaving. */
export function FilterForm({ filters }: { filters: Filters }) {
  const choices = useFilterChoices().data
  const [unfolded] = useState(() => window.matchMedia('(min-width: 62em)').matches) // a pocket has no room
  const select = (name: Filter, label: string, options: Record<string, string>) => (
    <NativeSelect
      label={label}
      size="sm"
      value={filters.values[name] ?? ''}
      onChange={(event) => filters.set(name, event.currentTarget.value)}
      data={[
        { value: '', label: words.any },
        ...Object.entries(options).map(([value, text]) => ({ value, label: text })),
      ]}
    />
  )
  const named = (names: string[] | undefined) => Object.fromEntries((names ?? []).map((name) => [name, name]))
  const { importing: _, ...statuses } = words.statuses
  return (
    <search className={classes.form}>
      <Words key={filters.values.q ?? ''} filters={filters} />
      <details className={classes.filters} open={unfolded}>
        <summary>
          {words.filters}
          {filters.active > 0 && ` · ${words.on(filters.active)}`}
        </summary>
        <div className={classes.fields}>
          {select('task', words.task, named(choices?.tasks.map((task) => task.slug)))}
          {select('kind', words.kind, words.kinds)}
          {select('snapshot', words.snapshot, named(choices?.snapshots))}
          {select('strength', words.strength, words.strengths)}
          {select('split', words.split, words.splits)}
          {select('status', words.status, statuses)}
          {select('reported', words.reported, words.reportedChoices)}
          {select('edited', words.edited, words.editedChoices)}
          <Typed filters={filters} name="crowdworker" label={words.crowdworker} />
          <Typed filters={filters} name="since" label={words.since} type="date" />
          <Typed filters={filters} name="until" label={words.until} type="date" />
        </div>
      </details>
      {(filters.active > 0 || filters.values.q) && (
        <Anchor component="button" type="button" size="sm" onClick={filters.clear} w="fit-content">
          {words.clear}
        </Anchor>
      )}
    </search>
  )
}

function Words({ filters }: { filters: Filters }) {
  const [typed, setTyped] = useState(filters.values.q ?? '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        filters.set('q', typed.trim())
      }}
    >
      <Group align="flex-start" gap="xs" wrap="nowrap">
        <TextInput
          type="search"
          label={words.search}
          description={words.searchHelp}
          inputWrapperOrder={['label', 'input', 'description']}
          placeholder={words.searchPlaceholder}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          maxLength={300}
          flex={1}
          className={classes.words}
        />
        <Button type="submit" className={classes.find}>
          {words.find}
        </Button>
      </Group>
    </form>
  )
}

interface TypedProps {
  filters: Filters
  name: Filter
  label: string
  type?: 'text' | 'date'
}

function Typed({ filters, name, label, type = 'text' }: TypedProps) {
  const value = filters.values[name] ?? ''
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value]) // cleared, or another link
  const done = () => typed.trim() !== value && filters.set(name, typed.trim())
  return (
    <TextInput
      label={label}
      type={type}
      size="sm"
      value={typed}
      placeholder={type === 'text' ? words.crowdworkerPlaceholder : undefined}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === 'Enter' && done()}
    />
  )
}
