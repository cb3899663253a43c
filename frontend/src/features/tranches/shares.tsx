import { Text } from '@mantine/core'
import { Fragment } from 'react'
import classes from './tranches.module.css'
import { words } from './words'

interface SharesProps {
  title: string
  rows: [label: string, count: number][]
  /** What all rows are shares of. */
  of: number
}

/** How a number divides: a bar, the number and its share for each part. */
export function Shares({ title, rows, of }: SharesProps) {
  if (rows.length === 0 || of === 0) return null
  return (
    <div>
      <Text size="sm" c="dimmed" mb={4}>
        {title}
      </Text>
      <dl className={classes.shares}>
        {rows.map(([label, count]) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd className={classes.bar} aria-hidden>
              <span className={classes.filled} style={{ width: `${(100 * count) / of}%` }} />
            </dd>
            <dd>{count.toLocaleString()}</dd>
            <dd>{words.percent(count, of)}</dd>
          </Fragment>
        ))}
      </dl>
    </div>
  )
}
