import { Group, Text, useComputedColorScheme } from '@mantine/core'
import type { Share } from '@/api/types'
import { coloursOf } from '@/components/figure-colours'
import classes from '@/components/share-bar.module.css'

/** Who gets how much of a task's traffic: one bar, and the same in words. A snapshot has its colour of the figure of
 * shares over time, which tells them in the same order. */
export function ShareBar({ shares, best }: { shares: Share[]; best: (k: number) => string }) {
  const scheme = useComputedColorScheme('light')
  const snapshots = [...new Set(shares.map((row) => row.snapshot))]
  const colours = coloursOf(
    scheme,
    snapshots.map(() => ({ role: null })),
  )
  const background = (row: Share) => colours[snapshots.indexOf(row.snapshot)]
  return (
    <div>
      <div className={classes.bar} aria-hidden>
        {shares.map((row) => (
          <span
            key={`${row.snapshot}-${row.best_of}`}
            style={{ flexGrow: row.share, background: background(row) }}
          />
        ))}
      </div>
      <Group gap="md" mt={6}>
        {shares.map((row) => (
          <Group key={`${row.snapshot}-${row.best_of}`} gap={6}>
            <span className={classes.key} style={{ background: background(row) }} aria-hidden />
            <Text size="sm">
              {row.snapshot}{' '}
              <Text span c="dimmed" inherit>
                {row.share} %{row.best_of > 1 && ` · ${best(row.best_of)}`}
              </Text>
            </Text>
          </Group>
        ))}
      </Group>
    </div>
  )
}
