import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useNavigate } from 'react-router'
import { useEstimate, usePresets, useStartIteration } from '@/api/iterations'
import { Problem } from '@/api/problem'
import { duration } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import { OverridesField, PresetField, parseOverrides } from './config-fields'
import { words } from './words'

const USUAL = 'small'

/** Starts a week by hand. How long it will take is said first. */
export function StartIteration() {
  const presets = usePresets().data
  const usual = presets?.find((row) => row.name === USUAL) ?? presets?.[0]
  const [picked, setPicked] = useState<string | null>(null)
  const preset = picked ?? usual?.name ?? ''
  const [overrides, setOverrides] = useState('')
  const estimate = useEstimate(preset)
  const start = useStartIteration()
  const navigate = useNavigate()
  // A refused value belongs to the field where it was written; anything else is about the iteration.
  const aboutOverrides =
    start.error instanceof Problem && start.error.status === 422 && overrides.trim() !== ''

  function submit(event: FormEvent) {
    event.preventDefault()
    const parsed = parseOverrides(overrides)
    if (parsed)
      start.mutate(
        { preset, overrides: parsed },
        { onSuccess: ({ id }) => navigate(`/admin/iterations/${id}`) },
      )
  }

  return (
    <Paper withBorder p="lg">
      <form onSubmit={submit}>
        <Stack>
          <Title order={2} size="h4">
            {words.start}
          </Title>
          {!aboutOverrides && <ProblemAlert error={start.error} />}
          <PresetField value={preset} onChange={setPicked} />
          <details>
            <summary>{words.advanced}</summary>
            <OverridesField
              value={overrides}
              onChange={setOverrides}
              error={aboutOverrides ? start.error?.message : undefined}
            />
          </details>
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              {estimate.data
                ? words.estimate(duration(estimate.data.seconds), estimate.data.basis)
                : (estimate.error?.message ?? words.estimating)}
            </Text>
            <Button
              type="submit"
              loading={start.isPending}
              disabled={preset === '' || parseOverrides(overrides) === null}
            >
              {words.startNow}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  )
}
