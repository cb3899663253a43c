import { NativeSelect } from '@mantine/core'
import { usePresets } from '@/api/iterations'
import { words } from './words'

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
