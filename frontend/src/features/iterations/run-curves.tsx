import { Checkbox, Group, Text } from '@mantine/core'
import { useState } from 'react'
import { useRunCurves, useRunMetrics } from '@/api/iterations'
import { LazyFigureChart } from '@/components/lazy-figure-chart'
import { QueryView } from '@/components/query-view'
import { number, type Quantity, quantities, shownFirst } from './quantities'
import classes from './run-view.module.css'
import { words } from './words'

interface RunCurvesProps {
  runId: string
  live: boolean
}

/** The curves of a run, those that matter first; any other that it has can be added. */
export function RunCurves({ runId, live }: RunCurvesProps) {
  return (
    <QueryView query={useRunCurves(runId, live)}>
      {(metrics) => {
        const all = quantities(metrics)
        return all.length === 0 ? (
          <Text size="sm" c="dimmed">
            {words.noCurves}
          </Text>
        ) : (
          <Chosen runId={runId} live={live} all={all} />
        )
      }}
    </QueryView>
  )
}

function Chosen({ runId, live, all }: RunCurvesProps & { all: Quantity[] }) {
  const [picked, setPicked] = useState<string[] | null>(null)
  const names = picked ?? shownFirst(all)
  const shown = all.filter((quantity) => names.includes(quantity.name))
  const metrics = useRunMetrics(
    runId,
    shown.flatMap((quantity) => quantity.metrics.map((metric) => metric.name)),
    live,
  ).data
  const every = Math.max(1, ...(metrics ?? []).map((series) => series.every))
  return (
    <div>
      <div className={classes.curves}>
        {shown.map((quantity) => (
          <Curve key={quantity.name} quantity={quantity} metrics={metrics ?? []} />
        ))}
      </div>
      {every > 1 && (
        <Text size="xs" c="dimmed" mt="xs">
          {words.thinned(every)}
        </Text>
      )}
      <details className={classes.choose}>
        <summary>{words.chooseCurves(shown.length, all.length)}</summary>
        <Checkbox.Group value={names} onChange={setPicked} mt="xs" aria-label={words.curves}>
          <Group gap="md">
            {all.map((quantity) => (
              <Checkbox key={quantity.name} size="xs" value={quantity.name} label={quantity.title} />
            ))}
          </Group>
        </Checkbox.Group>
      </details>
    </div>
  )
}

interface CurveProps {
  quantity: Quantity
  metrics: { name: string; points: number[][] }[]
}

/** One quantity; the members of an ensemble together. Its last point is told in words too. */
function Curve({ quantity, metrics }: CurveProps) {
  const series = quantity.metrics.map((metric) => ({
    name: metric.name,
    points: (metrics.find((one) => one.name === metric.name)?.points ?? []).map(([x = 0, y = 0]) => ({
      x,
      y,
    })),
  }))
  const last = quantity.metrics.map((metric) => number(metric.value)).join(', ')
  const step = Math.max(...quantity.metrics.map((metric) => metric.step))
  return (
    <figure className={classes.curve} aria-label={words.curveSays(quantity.title, last, step)}>
      <figcaption>
        <Group justify="space-between" gap="xs" wrap="nowrap">
          <Text size="sm" fw={600} truncate title={quantity.metrics.map((metric) => metric.name).join(', ')}>
            {quantity.title}
          </Text>
          <Text size="sm" className={classes.last}>
            {last}
          </Text>
        </Group>
      </figcaption>
      <LazyFigureChart
        height={180}
        figure={{ x: { label: words.step, unit: '' }, y: { label: quantity.unit, unit: '' }, series }}
      />
    </figure>
  )
}
