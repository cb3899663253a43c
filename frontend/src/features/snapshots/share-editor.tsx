import { Button, CloseButton, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useDeploy, useSnapshots } from '@/api/snapshots'
import type { Share } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

interface ShareEditorProps {
  slug: string
  initial: Share[]
  onClose: () => void
}

interface Line {
  key: number
  snapshot: string
  share: string
  bestOf: string
}

/** The shares of a task's next generation. The server decides whether they are right; this adds them up. */
export function ShareEditor({ slug, initial, onClose }: ShareEditorProps) {
  const deploy = useDeploy(slug)
  const policies = (useSnapshots().data ?? []).filter((row) => row.kind === 'policy')
  const [lines, setLines] = useState<Line[]>(
    initial.map((row, key) => ({
      key,
      snapshot: row.snapshot,
      share: String(row.share),
      bestOf: String(row.best_of),
    })),
  )
  const [reason, setReason] = useState('')
  const total = lines.reduce((sum, line) => sum + (Number(line.share) || 0), 0)
  const whole = Math.abs(total - 100) < 0.01
  const names = [
    ...new Set([...policies, ...initial.map((row) => ({ name: row.snapshot }))].map((row) => row.name)),
  ]

  const change = (key: number, part: Partial<Line>) =>
    setLines(lines.map((line) => (line.key === key ? { ...line, ...part } : line)))

  function submit() {
    const deployments = lines.map((line) => ({
      snapshot: line.snapshot,
      share: Number(line.share),
      best_of: Number(line.bestOf),
    }))
    deploy.mutate({ deployments, reason: reason.trim() || null }, { onSuccess: onClose })
  }

  return (
    <Stack gap="sm">
      <ProblemAlert error={deploy.error} />
      {lines.map((line) => (
        <Group key={line.key} gap="xs" align="flex-end" wrap="nowrap">
          <NativeSelect
            label={words.snapshot}
            data={names}
            value={line.snapshot}
            onChange={(event) => change(line.key, { snapshot: event.currentTarget.value })}
            flex={1}
          />
          <TextInput
            label={words.share}
            type="number"
            min={0}
            max={100}
            step="any"
            value={line.share}
            onChange={(event) => change(line.key, { share: event.currentTarget.value })}
            w={110}
          />
          <TextInput
            label={words.bestOf}
            type="number"
            min={1}
            max={64}
            value={line.bestOf}
            onChange={(event) => change(line.key, { bestOf: event.currentTarget.value })}
            w={90}
          />
          <CloseButton
            aria-label={words.remove(line.snapshot)}
            onClick={() => setLines(lines.filter((other) => other.key !== line.key))}
            mb={4}
          />
        </Group>
      ))}
      <Group justify="space-between">
        <Button
          size="compact-sm"
          variant="subtle"
          onClick={() =>
            setLines([
              ...lines,
              {
                key: Math.max(-1, ...lines.map((line) => line.key)) + 1,
                snapshot:
                  names.find((name) => lines.every((line) => line.snapshot !== name)) ?? names[0] ?? '',
                share: String(Math.max(0, 100 - total)),
                bestOf: '1',
              },
            ])
          }
        >
          {words.add}
        </Button>
        <Text size="sm" c={whole ? 'dimmed' : 'red'} role="status">
          {words.total(Number(total.toFixed(2)))}
          {!whole && `. ${words.mustBeWhole}`}
        </Text>
      </Group>
      <TextInput
        label={words.reason}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {words.cancel}
        </Button>
        <ConfirmButton
          label={words.deploy}
          question={words.deployQuestion}
          disabled={!whole}
          loading={deploy.isPending}
          onConfirm={submit}
        />
      </Group>
    </Stack>
  )
}
