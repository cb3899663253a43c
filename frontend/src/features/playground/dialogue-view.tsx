import { Text } from '@mantine/core'
import { Markdown } from '@/components/markdown'
import classes from './playground.module.css'
import type { Exchange } from './use-dialogue'
import { words } from './words'

/** What was said, oldest first, and what is known of each response. */
export function DialogueView({ exchanges, name }: { exchanges: Exchange[]; name: string }) {
  if (exchanges.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {words.empty}
      </Text>
    )
  }
  return (
    <div
      className={classes.dialogue}
      role="log"
      aria-label={words.responses(name)}
      aria-busy={isBusy(exchanges)}
    >
      {exchanges.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a dialogue only ever grows
        <div key={at} className={classes.exchange}>
          <div className={classes.human} dir="auto">
            {one.said}
          </div>
          {one.response && (
            <div className={classes.response}>
              <Markdown text={one.response} />
            </div>
          )}
          <Text size="xs" c={one.state === 'failed' ? 'red' : 'dimmed'}>
            {below(one)}
          </Text>
        </div>
      ))}
    </div>
  )
}

function isBusy(exchanges: Exchange[]): boolean {
  return exchanges.some((one) => ['waiting', 'loading', 'speaking'].includes(one.state))
}

function below(one: Exchange): string {
  if (one.state === 'loading') return words.loading
  if (one.state === 'waiting') return words.waiting
  if (one.state !== 'done') return one.detail ?? ''
  return [
    one.seconds !== null && words.took(one.seconds.toFixed(1), one.tokens),
    one.finish === 'length' && words.cutOff,
    one.pm !== null &&
      (one.score === null
        ? words.notScored(one.pm)
        : words.scored(one.score.toFixed(2).replace('-', '−'), one.pm)),
  ]
    .filter(Boolean)
    .join(' · ')
}
