import { Paper, Text } from '@mantine/core'
import { useStarts } from '@/api/iterations'
import classes from './schedule-page.module.css'
import { words } from './words'

interface StartsProps {
  cron: string
  timezone: string
  first: string
  enabled: boolean
}

/** What is being written, in words and as the next three starts. The server reckons: it knows every clock. */
export function Starts({ cron, timezone, first, enabled }: StartsProps) {
  const { data, error } = useStarts(cron.trim(), timezone.trim(), first)
  return (
    <Paper withBorder p="lg" component="section" aria-label={words.means} aria-live="polite">
      <Text size="sm" c="dimmed">
        {words.means}
      </Text>
      {error ? (
        <Text c="red">{error.message}</Text>
      ) : (
        data && (
          <>
            <Text fw={600}>{data.sentence}</Text>
            <Text size="sm" mt="sm">
              {enabled ? words.coming(timezone) : words.off}
            </Text>
            {enabled && (
              <ol className={classes.coming}>
                {data.next_runs.map((at) => (
                  <li key={at}>
                    <time dateTime={at}>{onItsClock(at)}</time>
                  </li>
                ))}
              </ol>
            )}
          </>
        )
      )}
    </Paper>
  )
}

const DAY = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
})

/** `2026-11-30T03:00:00+01:00` as that clock shows it, wherever the reader is. */
function onItsClock(at: string): string {
  const [clock = '', offset] = [at.slice(0, 19), at.slice(19)]
  return `${DAY.format(new Date(`${clock}Z`))} (${offset === 'Z' ? 'UTC' : `UTC${offset}`})`
}
