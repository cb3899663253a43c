import { Button, Group, Paper, Radio, Stack, Text, Title } from '@mantine/core'
import { useId, useState } from 'react'
import type { WorkedPair } from '@/api/types'
import { MarkdownField } from './markdown-field'
import classes from './pairs-editor.module.css'
import { words } from './words'

interface PairsEditorProps {
  pairs: WorkedPair[]
  onChange: (pairs: WorkedPair[]) => void
}

const EMPTY: WorkedPair = { prompt: '', a: '', b: '', picked: 'a', why: '' }

/** The worked pairs of a qualification, in the order in which they are asked. */
export function PairsEditor({ pairs, onChange }: PairsEditorProps) {
  const replace = (index: number, pair: WorkedPair) =>
    onChange(pairs.map((earlier, at) => (at === index ? pair : earlier)))
  const swap = (one: number, two: number) =>
    onChange(pairs.map((pair, at) => (at === one ? pairs[two] : at === two ? pairs[one] : pair) ?? pair))

  return (
    <Stack component="section" aria-label={words.pairs}>
      <div>
        <Title order={3} size="h5">
          {words.pairs}
        </Title>
        <Text size="sm" c="dimmed" maw="46rem">
          {words.pairsHelp}
        </Text>
      </div>
      {pairs.map((pair, index) => (
        <PairFields
          // biome-ignore lint/suspicious/noArrayIndexKey: a pair is known by its place alone
          key={index}
          number={index + 1}
          pair={pair}
          onChange={(changed) => replace(index, changed)}
          onUp={index > 0 ? () => swap(index - 1, index) : null}
          onDown={index < pairs.length - 1 ? () => swap(index, index + 1) : null}
          onRemove={() => onChange(pairs.filter((_, at) => at !== index))}
        />
      ))}
      <Group>
        <Button variant="default" onClick={() => onChange([...pairs, EMPTY])}>
          {words.addPair}
        </Button>
      </Group>
    </Stack>
  )
}

interface PairFieldsProps {
  number: number
  pair: WorkedPair
  onChange: (pair: WorkedPair) => void
  onUp: (() => void) | null
  onDown: (() => void) | null
  onRemove: () => void
}

function PairFields({ number, pair, onChange, onUp, onDown, onRemove }: PairFieldsProps) {
  const name = useId()
  const set = (fields: Partial<WorkedPair>) => onChange({ ...pair, ...fields })
  // A new one is open, all others are folded: a row of pairs is looked through, one of them is worked at.
  const [isNew] = useState(pair.prompt === '')
  return (
    <Paper withBorder p="md" component="article" aria-label={words.pair(number)}>
      <details open={isNew}>
        <summary className={classes.summary}>
          <span className={classes.number}>{words.pair(number)}</span>
          <span className={classes.prompt}>{pair.prompt}</span>
        </summary>
        <Stack mt="md">
          <Group gap="xs" justify="flex-end">
            <Button
              size="compact-sm"
              variant="default"
              aria-label={words.up(number)}
              disabled={!onUp}
              onClick={onUp ?? undefined}
            >
              ↑
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={words.down(number)}
              disabled={!onDown}
              onClick={onDown ?? undefined}
            >
              ↓
            </Button>
            <Button size="compact-sm" variant="subtle" color="red" onClick={onRemove}>
              {words.remove(number)}
            </Button>
          </Group>
          <MarkdownField
            short
            required
            label={words.prompt}
            value={pair.prompt}
            onChange={(prompt) => set({ prompt })}
          />
          <MarkdownField
            short
            required
            label={words.response.a}
            value={pair.a}
            onChange={(a) => set({ a })}
          />
          <MarkdownField
            short
            required
            label={words.response.b}
            value={pair.b}
            onChange={(b) => set({ b })}
          />
          <Radio.Group
            name={name}
            label={words.answer}
            value={pair.picked}
            onChange={(picked) => set({ picked: picked as WorkedPair['picked'] })}
          >
            <Group mt={6}>
              <Radio value="a" label="A" />
              <Radio value="b" label="B" />
            </Group>
          </Radio.Group>
          <MarkdownField
            short
            required
            label={words.why}
            description={words.whyHelp}
            value={pair.why}
            onChange={(why) => set({ why })}
          />
        </Stack>
      </details>
    </Paper>
  )
}
