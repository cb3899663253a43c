import { Button, Group, Text } from '@mantine/core'
import { useFitLeaderboard } from '@/api/leaderboard'
import type { Leaderboard } from '@/api/types'
import { duration } from '@/components/duration'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

const LONG_MS = 30_000

/** What the numbers below are from, and the way to newer ones. */
export function Fitted({ leaderboard: { fit, waiting } }: { leaderboard: Leaderboard }) {
  const anew = useFitLeaderboard()
  const isWaiting = waiting?.status === 'waiting'
  return (
    <div>
      <Group gap="sm" justify="space-between">
        <Text size="sm" role="status">
          {fit?.finished_at && words.fitted(ago(fit.finished_at), fit.comparisons ?? 0)}
          {fit && fit.new > 0 && ` · ${words.fittedNew(fit.new)}`}
          {isWaiting && age(waiting.asked_at) > LONG_MS && ` ${words.waitsLong}`}
        </Text>
        <Button
          size="xs"
          variant="default"
          onClick={() => anew.mutate()}
          disabled={isWaiting || anew.isPending}
        >
          {isWaiting ? words.fitting : fit ? words.fitAnew : words.fitNow}
        </Button>
      </Group>
      {waiting?.status === 'failed' && (
        <Text size="sm" c="red" mt="xs">
          {words.failed(waiting.error ?? '')}
        </Text>
      )}
      <ProblemAlert error={anew.error} />
    </div>
  )
}

function age(at: string): number {
  return Date.now() - Date.parse(at)
}

function ago(at: string): string {
  const seconds = age(at) / 1000
  return seconds < 10 ? 'just now' : `${duration(seconds)} ago`
}
