import './overrides.css'
import { Select, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useConfigFields } from '@/api/iterations'
import type { ConfigField, Overrides } from '@/api/types'
import { OverrideLine } from './override-line'
import { asText } from './override-text'
import classes from './overrides-field.module.css'
import { words } from './words'

interface OverridesFieldProps {
  preset: string
  value: Overrides
  onChange: (overrides: Overrides) => void
}

/** What a week does otherwise than its preset, field by field; fields are found by name and by what they mean. */
export function OverridesField({ preset, value, onChange }: OverridesFieldProps) {
  const { data: fields, error } = useConfigFields()
  const [added, setAdded] = useState<string | null>(null)
  const byName = new Map(fields?.map((field) => [field.name, field]))
  const free = fields?.filter(({ name }) => !(name in value)) ?? []
  const groups = [...new Set(free.map(({ group }) => group))].map((group) => ({
    group,
    items: free.filter((field) => field.group === group).map(({ name }) => name),
  }))

  function add(name: string | null) {
    const field = byName.get(name ?? '')
    if (!field) return
    setAdded(field.name)
    onChange({ ...value, [field.name]: field.values[preset] ?? null })
  }

  function remove(name: string) {
    const { [name]: _, ...others } = value
    onChange(others)
  }

  return (
    <Stack role="group" aria-label={words.overrides} gap="sm">
      {fields &&
        Object.entries(value).map(([name, own]) => (
          <OverrideLine
            key={name}
            name={name}
            field={byName.get(name)}
            preset={preset}
            value={own}
            isNew={name === added}
            onChange={(changed) => onChange({ ...value, [name]: changed })}
            onRemove={() => remove(name)}
          />
        ))}
      <Select
        label={words.addOverride}
        description={words.addOverrideHelp}
        placeholder={words.findField}
        data={groups}
        value={null}
        onChange={add}
        error={error?.message}
        searchable
        filter={({ options, search }) =>
          options.flatMap((group) => {
            if (!('group' in group)) return []
            const items = group.items.filter((item) => isFound(byName.get(String(item.value)), search))
            return items.length > 0 ? [{ ...group, items }] : []
          })
        }
        renderOption={({ option }) => <Offer field={byName.get(String(option.value))} preset={preset} />}
        nothingFoundMessage={words.noField}
        // Inside the page's landmark, and the list itself scrolls: so it is reached by whoever hears the page.
        comboboxProps={{ withinPortal: false }}
        withScrollArea={false}
        classNames={{ options: classes.offers }}
      />
    </Stack>
  )
}

function isFound(field: ConfigField | undefined, search: string): boolean {
  const text = `${field?.name} ${field?.meaning}`.toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function Offer({ field, preset }: { field: ConfigField | undefined; preset: string }) {
  if (!field) return null
  return (
    <div className={classes.offer}>
      <span className={classes.name}>{field.name}</span>
      <Text span size="xs" c="dimmed">
        {asText(field.values[preset]) || words.empty}
      </Text>
      <Text span size="xs" c="dimmed" lineClamp={2} className={classes.meaning}>
        {field.meaning.replaceAll('`', '')}
      </Text>
    </div>
  )
}
