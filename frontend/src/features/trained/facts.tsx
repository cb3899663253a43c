import { SimpleGrid, Text } from '@mantine/core'
import classes from './facts.module.css'

export type Fact = readonly [label: string, value: string, more?: string]

/** A few numbers to begin with. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <SimpleGrid
      component="dl"
      cols={{ base: 2, sm: facts.length }}
      spacing="sm"
      m={0}
      className={classes.facts}
    >
      {facts.map(([label, value, more]) => (
        <div key={label} className={classes.fact}>
          <dt>{label}</dt>
          <dd>
            <strong>{value}</strong>
            {more && (
              <Text component="span" size="xs" c="dimmed">
                {more}
              </Text>
            )}
          </dd>
        </div>
      ))}
    </SimpleGrid>
  )
}
