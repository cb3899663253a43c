import { Button, Group, Paper, Stack, Switch, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useChangeSchedule, useSchedule } from '@/api/iterations'
import type { Schedule } from '@/api/types'
import { moment } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { OverridesField, PresetField, parseOverrides } from './config-fields'
import { words } from './words'

export function SchedulePage() {
  return (
    <Stack>
      <div>
        <Title order={1} size="h2">
          {words.schedule}
        </Title>
        <Text c="dimmed">{words.scheduleLead}</Text>
      </div>
      <QueryView query={useSchedule()}>{(schedule) => <ScheduleForm schedule={schedule} />}</QueryView>
    </Stack>
  )
}

function ScheduleForm({ schedule }: { schedule: Schedule }) {
  const change = useChangeSchedule()
  const [enabled, setEnabled] = useState(schedule.enabled)
  const [cron, setCron] = useState(schedule.cron)
  const [timezone, setTimezone] = useState(schedule.timezone)
  const [preset, setPreset] = useState(schedule.preset)
  const [minimum, setMinimum] = useState(String(schedule.min_new_comparisons))
  const [overrides, setOverrides] = useState(
    Object.keys(schedule.overrides).length > 0 ? JSON.stringify(schedule.overrides, null, 2) : '',
  )

  function submit(event: FormEvent) {
    event.preventDefault()
    const parsed = parseOverrides(overrides)
    if (!parsed) return
    change.mutate({
      enabled,
      cron,
      timezone,
      preset,
      overrides: parsed,
      min_new_comparisons: Number(minimum),
    })
  }

  return (
    <Paper withBorder p="lg" maw={560}>
      <form onSubmit={submit}>
        <Stack>
          <ProblemAlert error={change.error} />
          <Switch
            label={words.enabled}
            checked={enabled}
            onChange={(event) => setEnabled(event.currentTarget.checked)}
          />
          <TextInput
            label={words.cron}
            description={words.cronHelp}
            value={cron}
            onChange={(event) => setCron(event.currentTarget.value)}
            required
          />
          <TextInput
            label={words.timezone}
            value={timezone}
            onChange={(event) => setTimezone(event.currentTarget.value)}
            required
          />
          <TextInput
            type="number"
            min={0}
            label={words.minimum}
            description={words.minimumHelp}
            value={minimum}
            onChange={(event) => setMinimum(event.currentTarget.value)}
            required
          />
          <PresetField value={preset} onChange={setPreset} />
          <OverridesField value={overrides} onChange={setOverrides} />
          <Group justify="space-between">
            <Text size="sm" c="dimmed" role="status">
              {change.isSuccess && `${words.saved} `}
              {schedule.enabled && words.next(moment(schedule.next_run_at))}
            </Text>
            <Button type="submit" loading={change.isPending}>
              {words.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  )
}
