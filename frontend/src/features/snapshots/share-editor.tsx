import { Button, Checkbox, CloseButton, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useDeploy, useSnapshotNames } from '@/api/snapshots'
import type { Share } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

interface ShareEditorProps {
  slug: string
  kind: 'policy' | 'pm'
  initial: Share[]
  /** The generation that is being replaced; none where nothing is deployed yet. */
  seen?: number
  onClose: () => void
}

interface Line {
  key: number
  snapshot: string
  share: string
  bestOf: string
}

/** The shares of a task's next generation. The server decides whether they are right; this adds them up. */
export function ShareEditor({ slug, kind, initial, seen, onClose }: ShareEditorProps) {
  const deploy = useDeploy(slug)
  const isPm = kind === 'pm'
  const known = useSnapshotNames().data
  const offered = (known ?? []).filter((row) => row.kind === kind && !row.retired)
  const [lines, setLines] = useState<Line[]>(
    (initial.length > 0 ? initial : [{ snapshot: '', share: 100, best_of: 1 }]).map((row, key) => ({
      key,
      snapshot: row.snapshot,
      share: String(row.share),
      bestOf: String(row.best_of),
    })),
  )
  const [reason, setReason] = useState('')
  const [canary, setCanary] = useState('')
  const total = lines.reduce((sum, line) => sum + (Number(line.share) || 0), 0)
  const whole = Math.abs(total - 100) < 0.01
  const names = [...new Set([...offered.map((row) => row.name), ...initial.map((row) => row.snapshot)])]
  const answering = new Set(initial.map((row) => `${row.snapshot} ${row.best_of}`))
  const hasNew = !isPm && lines.some((line) => !answering.has(`${line.snapshot} ${line.bestOf}`))
  const asCanary = hasNew && canary !== ''
  const named = lines.every((line) => line.snapshot !== '')

  const change = (key: number, part: Partial<Line>) =>
    setLines(lines.map((line) => (line.key === key ? { ...line, ...part } : line)))

  function submit() {
    const deployments = lines.map((line) => ({
      snapshot: line.snapshot,
      share: Number(line.share),
      best_of: Number(line.bestOf),
    }))
    const body = {
      deployments,
      reason: reason.trim() || null,
      ...(seen !== undefined && { seen }),
      ...(asCanary && { canary: Number(canary) }),
    }
    deploy.mutate(body, { onSuccess: onClose })
  }

  return (
    <Stack gap="sm">
      <ProblemAlert error={deploy.error} />
      {lines.map((line) => (
        <Group key={line.key} gap="xs" align="flex-end">
          <NativeSelect
            label={words.snapshot}
            data={line.snapshot === '' ? ['', ...names] : names}
            value={line.snapshot}
            onChange={(event) => change(line.key, { snapshot: event.currentTarget.value })}
            flex="1 1 12rem"
          />
          {!isPm && (
            <>
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
            </>
          )}
        </Group>
      ))}
      {!isPm && (
        <Group justify="space-between">
          <Button
            size="compact-sm"
            disabled={known === undefined}
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
      )}
      {hasNew && (
        <Group gap="md" align="center">
          <Checkbox
            label={words.asCanary}
            checked={canary !== ''}
            onChange={(event) => setCanary(event.currentTarget.checked ? '5' : '')}
          />
          {canary !== '' && (
            <TextInput
              label={words.canaryShare}
              type="number"
              min={0.1}
              max={50}
              step="any"
              value={canary}
              onChange={(event) => setCanary(event.currentTarget.value || '0')}
              w={180}
            />
          )}
        </Group>
      )}
      <TextInput
        label={words.reason}
        description={words.reasonHelp}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {words.cancel}
        </Button>
        <ConfirmButton
          label={words.deploy}
          question={
            asCanary
              ? words.deployCanaryQuestion(canary)
              : isPm
                ? words.deployPmQuestion
                : words.deployQuestion
          }
          disabled={!whole || !named}
          loading={deploy.isPending}
          onConfirm={submit}
        />
      </Group>
    </Stack>
  )
}
