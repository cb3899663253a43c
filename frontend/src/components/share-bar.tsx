import { Group, Text } from '@mantine/core'
import type { Share } from '@/api/types'
import classes from '@/components/share-bar.module.css'

/** Who gets how much of a task's traffic: one bar, and the same in words. */
export function ShareBar({ shares, best }: { shares: Share[]; best: (k: number) => string }) {
  return (
    <div>
      <div className={classes.bar} aria-hidden>
        {shares.map((row, index) => (
          <span
            key={`${row.snapshot}-${row.best_of}`}
            data-index={index % 6}
            style={{ flexGrow: row.share }}
          />
        ))}
      </div>
      <Group gap="md" mt={6}>
        {shares.map((row, index) => (
          <Group key={`${row.snapshot}-${row.best_of}`} gap={6}>
            <span className={classes.key} data-index={index % 6} aria-hidden />
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
