import { Code, NativeSelect, Paper, Stack, Text } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useRunLog, useRunMetrics } from '@/api/iterations'
import { LazyFigureChart } from '@/components/lazy-figure-chart'
import { QueryView } from '@/components/query-view'
import classes from './run-view.module.css'
import { words } from './words'

interface RunViewProps {
  runId: string
  live: boolean
}

/** A training run as it goes: one of its curves, and what it prints. */
export function RunView({ runId, live }: RunViewProps) {
  return (
    <Paper withBorder p="md" mt="sm">
      <Stack>
        <QueryView query={useRunMetrics(runId, live)}>{(metrics) => <Curves metrics={metrics} />}</QueryView>
        <QueryView query={useRunLog(runId, live)}>{(text) => <Log text={text} />}</QueryView>
      </Stack>
    </Paper>
  )
}

function Curves({ metrics }: { metrics: { name: string; points: number[][] }[] }) {
  const [picked, setPicked] = useState<string | null>(null)
  const shown = metrics.find((series) => series.name === picked) ?? metrics[0]
  if (!shown) return <Text c="dimmed">{words.noCurves}</Text>
  return (
    <div>
      <NativeSelect
        label={words.curve}
        data={metrics.map((series) => series.name)}
        value={shown.name}
        onChange={(event) => setPicked(event.currentTarget.value)}
        maw={280}
        mb="sm"
      />
      <LazyFigureChart
        height={220}
        figure={{
          x: { label: words.step, unit: '' },
          y: { label: shown.name, unit: '' },
          series: [{ name: shown.name, points: shown.points.map(([x = 0, y = 0]) => ({ x, y })) }],
        }}
      />
    </div>
  )
}

function Log({ text }: { text: string }) {
  const end = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the log, so it runs when the text grows
  useEffect(() => {
    const box = end.current
    if (box) box.scrollTop = box.scrollHeight
  }, [text])
  return (
    <div>
      <Text size="sm" fw={550} mb={4}>
        {words.log}
      </Text>
      <div ref={end} className={classes.log}>
        <Code block>{text || words.noLog}</Code>
      </div>
    </div>
  )
}
