import { useComputedColorScheme } from '@mantine/core'
import {
  CartesianGrid,
  ComposedChart,
  ErrorBar,
  Legend,
  Line,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts'
import type { Figure } from '@/api/types'
import { axisOf } from '@/components/figure-axis'
import { colourOf } from '@/components/figure-colours'

export type Drawable = Pick<Figure, 'x' | 'y' | 'series'> & Partial<Pick<Figure, 'kind'>>

const NUMBERS = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 })

function axisTitle({ label, unit }: Figure['x']): string {
  return unit ? `${label} (${unit})` : label
}

/** Draws any figure: named series of points, each perhaps with an interval. Loaded only when a chart is on screen. */
export function FigureChart({ figure, height = 280 }: { figure: Drawable; height?: number }) {
  const scheme = useComputedColorScheme('light')
  const grid = scheme === 'dark' ? '#343a41' : '#e3e7eb'
  const text = { fill: scheme === 'dark' ? '#9aa5b1' : '#5b6570', fontSize: 12 }
  const axis = axisOf(figure)
  const isOfPoints = figure.kind === 'points'
  const last = (axis.places?.length ?? 0) - 1

  return (
    <ResponsiveContainer width="100%" height={height}>
      <ComposedChart margin={{ top: 8, right: 16, bottom: 24, left: 8 }}>
        <CartesianGrid stroke={grid} vertical={false} />
        <XAxis
          dataKey="x"
          type="number"
          domain={axis.places ? [-0.5, last + 0.5] : ['auto', 'auto']}
          ticks={axis.places ?? undefined}
          tickFormatter={axis.label}
          tick={text}
          stroke={grid}
          label={{ value: axisTitle(figure.x), position: 'insideBottom', offset: -14, ...text }}
        />
        <YAxis
          tick={text}
          stroke={grid}
          domain={['auto', 'auto']}
          width={64}
          tickFormatter={(value: number) => NUMBERS.format(value)}
          label={{
            value: axisTitle(figure.y),
            angle: -90,
            position: 'insideLeft',
            style: { textAnchor: 'middle' },
            ...text,
          }}
        />
        <Tooltip
          contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 8 }}
          labelFormatter={(place) => axis.label(Number(place))}
          formatter={(value) => NUMBERS.format(Number(value))}
        />
        {figure.series.length > 1 && <Legend verticalAlign="top" wrapperStyle={{ fontSize: 12 }} />}
        {figure.series.map((series, index) => {
          const colour = colourOf(scheme, index)
          const hasInterval = series.points.some((point) => point.low != null && point.high != null)
          const data = series.points.map((point) => ({
            x: axis.at(point.x),
            y: point.y,
            interval: [point.y - (point.low ?? point.y), (point.high ?? point.y) - point.y],
          }))
          return (
            <Line
              key={series.name}
              data={data}
              name={series.name}
              dataKey="y"
              stroke={colour}
              strokeWidth={isOfPoints ? 0 : 2}
              dot={isOfPoints || data.length < 40 ? { r: 3, fill: colour } : false}
              isAnimationActive={false}
            >
              {hasInterval && (
                <ErrorBar
                  dataKey="interval"
                  stroke={colour}
                  width={5}
                  strokeWidth={1.5}
                  isAnimationActive={false}
                />
              )}
            </Line>
          )
        })}
      </ComposedChart>
    </ResponsiveContainer>
  )
}
