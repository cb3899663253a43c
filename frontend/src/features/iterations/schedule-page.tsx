import { Anchor, Button, Group, Paper, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { type FormEvent, useState } from 'react'
import { Link } from 'react-router'
import { useChangeSchedule, useSchedule } from '@/api/iterations'
import { Problem } from '@/api/problem'
import type { Overrides, Schedule } from '@/api/types'
import { moment } from '@/components/duration'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { OverridesField } from './overrides-field'
import { PresetField } from './preset-field'
import classes from './schedule-page.module.css'
import { Starts } from './starts'
import { words } from './words'

const ZONES = Intl.supportedValuesOf('timeZone')

export function SchedulePage() {
  const query = useSchedule()
  return (
    <Stack>
      <PageHead title={words.schedule} lead={words.scheduleLead} />
      {/* A change by somebody else is not laid under what is being written; it is offered. */}
      <QueryView query={query}>
        {(schedule) => (
          <ScheduleForm key={schedule.version} schedule={schedule} reload={() => void query.refetch()} />
        )}
      </QueryView>
    </Stack>
  )
}

function ScheduleForm({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const change = useChangeSchedule()
  const [enabled, setEnabled] = useState(schedule.enabled)
  const [cron, setCron] = useState(schedule.cron)
  const [timezone, setTimezone] = useState(schedule.timezone)
  const [first, setFirst] = useState('')
  const [preset, setPreset] = useState(schedule.preset)
  const [minimum, setMinimum] = useState(String(schedule.min_new_comparisons))
  const [overrides, setOverrides] = useState<Overrides>(schedule.overrides ?? {})
  const [plan] = useDebouncedValue({ cron, timezone, first }, 300)
  const isOutdated = change.error instanceof Problem && change.error.type === 'schedule-changed'

  function submit(event: FormEvent) {
    event.preventDefault()
    change.mutate({
      enabled,
      cron: cron.trim(),
      timezone: timezone.trim(),
      preset,
      overrides,
      min_new_comparisons: Number(minimum),
      first_run_at: first || null,
      version: schedule.version,
    })
  }

  return (
    <div className={classes.sides}>
      <Paper withBorder p="lg" component="form" onSubmit={submit}>
        <Stack>
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
            maxLength={200}
            spellCheck={false}
            required
          />
          <Group gap="xs" role="group" aria-label={words.often}>
            {words.presets.map(([label, value]) => (
              <Button
                key={value}
                size="compact-xs"
                variant="default"
                aria-pressed={cron === value}
                onClick={() => setCron(value)}
              >
                {label}
              </Button>
            ))}
          </Group>
          <TextInput
            label={words.timezone}
            description={words.timezoneHelp}
            value={timezone}
            onChange={(event) => setTimezone(event.currentTarget.value)}
            list="time-zones"
            maxLength={64}
            spellCheck={false}
            required
          />
          <datalist id="time-zones">
            {['UTC', ...ZONES].map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
          <TextInput
            type="datetime-local"
            label={words.first}
            description={words.firstHelp}
            value={first}
            onChange={(event) => setFirst(event.currentTarget.value)}
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
          <OverridesField preset={preset} value={overrides} onChange={setOverrides} />
          <ProblemAlert error={change.error} />
          <Group justify="flex-end">
            {isOutdated && (
              <Button variant="default" onClick={reload}>
                {words.reload}
              </Button>
            )}
            <Button type="submit" loading={change.isPending}>
              {words.save}
            </Button>
          </Group>
        </Stack>
      </Paper>
      <Stack>
        <Starts cron={plan.cron} timezone={plan.timezone} first={plan.first} enabled={enabled} />
        <Text size="sm" c="dimmed">
          {schedule.changed_at
            ? words.changed(moment(schedule.changed_at), schedule.changed_by)
            : words.unchanged}{' '}
          <Anchor component={Link} inherit underline="always" to="/admin/audit?subject=schedule">
            {words.history}
          </Anchor>
        </Text>
      </Stack>
    </div>
  )
}
