import { CloseButton, NativeSelect, Switch, Text, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { ConfigField, Override } from '@/api/types'
import { asText, fromText } from './override-text'
import classes from './overrides-field.module.css'
import { words } from './words'

interface OverrideLineProps {
  name: string
  /** Missing: a release before this one had it. */
  field: ConfigField | undefined
  preset: string
  value: Override
  /** Just added by hand: what is to be written next. */
  isNew: boolean
  onChange: (value: Override) => void
  onRemove: () => void
}

/** One field of the config that has a value of its own here, with what it means and what the preset has. */
export function OverrideLine({ name, field, preset, value, isNew, onChange, onRemove }: OverrideLineProps) {
  const line = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isNew) line.current?.querySelector<HTMLElement>('input, select')?.focus()
  }, [isNew])
  return (
    <div className={classes.line} ref={line}>
      {field ? (
        <ValueField field={field} preset={preset} value={value} onChange={onChange} />
      ) : (
        <Text size="sm">
          <span className={classes.name}>{name}</span>: {JSON.stringify(value)}. {words.fieldGone}
        </Text>
      )}
      <CloseButton aria-label={words.removeOverride(name)} onClick={onRemove} />
    </div>
  )
}

type ValueFieldProps = Pick<OverrideLineProps, 'preset' | 'value' | 'onChange'> & { field: ConfigField }

function ValueField({ field, preset, value, onChange }: ValueFieldProps) {
  const [text, setText] = useState(asText(value))
  const shared = {
    label: field.name,
    description: (
      <>
        {field.meaning.replaceAll('`', '')}
        <br />
        {words.presetHas(preset, asText(field.values[preset]), field.allowed)}
      </>
    ),
    classNames: { label: classes.name, root: classes.field },
  }
  if (field.kind === 'switch')
    return (
      <Switch
        {...shared}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )

  function write(written: string) {
    setText(written)
    onChange(fromText(field, written))
  }
  if (field.kind === 'choice')
    return (
      <NativeSelect
        {...shared}
        data={field.nullable ? [{ value: '', label: words.empty }, ...field.choices] : field.choices}
        value={text}
        onChange={(event) => write(event.currentTarget.value)}
      />
    )

  const isNumber = field.kind === 'whole' || field.kind === 'number'
  return (
    <TextInput
      {...shared}
      {...(isNumber
        ? {
            type: 'number',
            min: field.low ?? undefined,
            max: field.high ?? undefined,
            step: field.kind === 'whole' ? 1 : 'any',
            required: !field.nullable,
            withAsterisk: false,
          }
        : { maxLength: 500 })}
      spellCheck={false}
      value={text}
      onChange={(event) => write(event.currentTarget.value)}
    />
  )
}
