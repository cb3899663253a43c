import { NativeSelect, Textarea } from '@mantine/core'
import { usePresets } from '@/api/iterations'
import type { Overrides } from '@/api/types'
import { words } from './words'

/** `null`: not an object in JSON. Nothing written means no overrides. */
export function parseOverrides(text: string): Overrides | null {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Overrides) : null
  } catch {
    return null
  }
}

interface PresetFieldProps {
  value: string
  onChange: (preset: string) => void
}

export function PresetField({ value, onChange }: PresetFieldProps) {
  const presets = usePresets()
  const chosen = presets.data?.find((preset) => preset.name === value)
  return (
    <NativeSelect
      label={words.preset}
      description={chosen?.description}
      error={presets.error?.message}
      data={presets.data?.map((preset) => preset.name) ?? [value]}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      maw={420}
    />
  )
}

interface OverridesFieldProps {
  value: string
  onChange: (text: string) => void
  /** What the server has against them. */
  error?: string
}

export function OverridesField({ value, onChange, error }: OverridesFieldProps) {
  return (
    <Textarea
      label={words.overrides}
      description={words.overridesHelp}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={parseOverrides(value) === null ? words.notJson : error}
      rows={3}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      spellCheck={false}
    />
  )
}
