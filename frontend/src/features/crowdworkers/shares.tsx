import { Text } from '@mantine/core'
import type { SomeShare } from '@/api/types'
import classes from './crowdworkers.module.css'
import { percent, words } from './words'

interface ShareCellProps {
  share: SomeShare | null
  /** In place of a share: what there is so far. */
  few?: string
  /** What chance alone would give: an interval that misses it stands out. */
  fair?: number
}

/** A share with its interval, or that there is not enough data. */
export function ShareCell({ share, few, fair }: ShareCellProps) {
  if (!share) {
    return (
      <Text size="xs" c="dimmed">
        {words.notEnough}
        {few && ` (${few})`}
      </Text>
    )
  }
  const isBiased = fair !== undefined && (share.low > fair || share.high < fair)
  return (
    <div className={classes.whole} title={words.intervalHelp(share)}>
      <Text size="sm" fw={isBiased ? 700 : undefined} span title={isBiased ? words.biased : undefined}>
        {percent(share.share)}
        {isBiased && ' !'}
      </Text>
      <Text size="xs" c="dimmed">
        {words.interval(share)}
      </Text>
    </div>
  )
}

/** How often each strength was used: four bars, and the numbers for whoever does not see them. */
export function Strengths({ counts }: { counts: number[] }) {
  const most = Math.max(...counts)
  if (most === 0) return <Text c="dimmed">–</Text>
  return (
    <div
      className={classes.strengths}
      role="img"
      aria-label={words.strengths(counts)}
      title={words.strengths(counts)}
    >
      {counts.map((number, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the strength
        <span key={at} style={{ height: `${Math.max(4, (100 * number) / most)}%` }} />
      ))}
    </div>
  )
}
