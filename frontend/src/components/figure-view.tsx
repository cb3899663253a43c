import { Alert, Code, Group, Paper, Text, Title } from '@mantine/core'
import { useRef } from 'react'
import type { Asked } from '@/api/dashboard'
import type { Figure } from '@/api/types'
import { FigureDownloads } from '@/components/figure-downloads'
import { FigureMatrix } from '@/components/figure-matrix'
import { FigureTable } from '@/components/figure-table'
import classes from '@/components/figure-view.module.css'
import { LazyFigureChart } from '@/components/lazy-figure-chart'

interface FigureViewProps {
  figure: Figure
  /** What it was asked for, so that a file holds the same. */
  asked?: Asked
}

/** One figure of the dashboard, whichever: what it shows, how to read it and get it again, or what is missing to draw it. */
export function FigureView({ figure, asked = {} }: FigureViewProps) {
  const drawing = useRef<HTMLDivElement>(null)
  return (
    <Paper withBorder p="md" component="figure" m={0} aria-label={figure.title}>
      <Title order={3} size="h5" mb="sm">
        {figure.title}
      </Title>
      {figure.missing ? (
        <Alert color="gray">
          <WithCode text={figure.missing} />
        </Alert>
      ) : (
        <div ref={drawing}>
          {figure.kind === 'matrix' ? <FigureMatrix figure={figure} /> : <LazyFigureChart figure={figure} />}
        </div>
      )}
      {!figure.missing && figure.finding && (
        <Text size="sm" mt="xs">
          <WithCode text={figure.finding} />
        </Text>
      )}
      <Text component="figcaption" size="xs" c="dimmed" mt="xs">
        <WithCode text={figure.how_to_read} />
        {figure.interval && <WithCode text={` Intervals: ${figure.interval}.`} />}
        {figure.paper && <WithCode text={` In the paper: ${figure.paper}.`} />}
      </Text>
      {!figure.missing && (
        <Group justify="space-between" gap="xs" mt="xs">
          <FigureDownloads figure={figure} asked={asked} drawing={drawing} />
          {figure.kind !== 'matrix' && <FigureTable figure={figure} />}
          <details className={classes.again}>
            <summary>The same numbers again</summary>
            <Code className={classes.command}>{figure.command}</Code>
            <Text size="xs" c="dimmed" className={classes.command}>
              sha256 of the numbers: {figure.data_hash}
            </Text>
          </details>
        </Group>
      )}
    </Paper>
  )
}

/** What stands between `…` is something to type. A number keeps its % on its line. */
function WithCode({ text }: { text: string }) {
  return text
    .replaceAll(' %', '\u00a0%')
    .split('`')
    .map((part, at) => {
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence have no other order
      return at % 2 ? <code key={at}>{part}</code> : part
    })
}
