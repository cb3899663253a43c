import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useNavigate } from 'react-router'
import { useEstimate, usePresets, useStartIteration } from '@/api/iterations'
import type { Overrides } from '@/api/types'
import { duration } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import { OverridesField } from './overrides-field'
import { PresetField } from './preset-field'
import { words } from './words'

const USUAL = 'small'

/** Starts a week by hand. How long it will take is said first. */
export function StartIteration() {
  const presets = usePresets().data
  const usual = presets?.find((row) => row.name === USUAL) ?? presets?.[0]
  const [picked, setPicked] = useState<string | null>(null)
  const preset = picked ?? usual?.name ?? ''
  const [overrides, setOverrides] = useState<Overrides>({})
  const estimate = useEstimate(preset)
  const start = useStartIteration()
  const navigate = useNavigate()

  function submit(event: FormEvent) {
    event.preventDefault()
    start.mutate({ preset, overrides }, { onSuccess: ({ id }) => navigate(`/admin/iterations/${id}`) })
  }

  return (
    <Paper withBorder p="lg">
      <form onSubmit={submit}>
        <Stack>
          <Title order={2} size="h4">
            {words.start}
          </Title>
          <PresetField value={preset} onChange={setPicked} />
          <OverridesField preset={preset} value={overrides} onChange={setOverrides} />
          <ProblemAlert error={start.error} />
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              {estimate.data
                ? words.estimate(duration(estimate.data.seconds), estimate.data.basis)
                : (estimate.error?.message ?? words.estimating)}
            </Text>
            <Button type="submit" loading={start.isPending} disabled={preset === ''}>
              {words.startNow}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  )
}
