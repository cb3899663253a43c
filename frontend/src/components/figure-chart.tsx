import { useComputedColorScheme } from '@mantine/core'
import {
  Area,
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
import { type Axis, axisOf, dayMarks, evenMarks, logMarks, type Marks } from '@/components/figure-axis'
import { coloursOf } from '@/components/figure-colours'

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
  const colours = coloursOf(scheme, figure.series)
  const last = (axis.places?.length ?? 0) - 1
  const points = figure.series.flatMap((series) => series.points)
  const places = marksOf(
    figure.x,
    axis,
    points.map((point) => axis.at(point.x)),
  )
  const values = evenMarks(points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]))

  return (
    <ResponsiveContainer width="100%" height={height}>
      <ComposedChart margin={{ top: 8, right: 16, bottom: 24, left: 8 }}>
        <CartesianGrid stroke={grid} vertical={false} />
        <XAxis
          dataKey="x"
          type="number"
          scale={figure.x.scale ?? 'auto'}
          domain={axis.places ? [-0.5, last + 0.5] : places.domain}
          ticks={axis.places ?? places.ticks}
          tickFormatter={axis.label}
          tick={text}
          stroke={grid}
          label={{ value: axisTitle(figure.x), position: 'insideBottom', offset: -14, ...text }}
        />
        <YAxis
          tick={text}
          stroke={grid}
          domain={values.domain}
          ticks={values.ticks}
          width={64}
          interval={0}
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
        {figure.series.length > 1 && (
          <Legend verticalAlign="top" itemSorter={null} wrapperStyle={{ fontSize: 12 }} />
        )}
        {figure.series.map((series, index) => {
          const colour = colours[index] ?? grid
          const hasInterval =
            !series.role && series.points.some((point) => point.low != null && point.high != null)
          const data = series.points.map((point) => ({
            x: axis.at(point.x),
            y: point.y,
            interval: [point.y - (point.low ?? point.y), (point.high ?? point.y) - point.y],
          }))
          const drawn = {
            data,
            name: series.name,
            dataKey: 'y',
            stroke: colour,
            isAnimationActive: false,
          } as const
          if (figure.kind === 'histogram' && !series.role) {
            return <Area key={series.name} {...drawn} type="step" fill={colour} fillOpacity={0.18} />
          }
          return (
            <Line key={series.name} {...drawn} {...strokeOf(series.role, figure.kind, colour, data.length)}>
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

function marksOf({ scale }: Figure['x'], axis: Axis, places: number[]): Marks {
  if (scale === 'log') return logMarks(places)
  return axis.days ? dayMarks(places) : evenMarks(places)
}

/** A line for what was measured, with a dot for each point while they are few. What belongs to it is dashed and needs no
 * place in the legend: it has its colour. What would be is dotted. */
function strokeOf(
  role: Figure['series'][number]['role'],
  kind: Drawable['kind'],
  colour: string,
  points: number,
) {
  if (role === 'background')
    return { strokeWidth: 1, strokeOpacity: 0.45, dot: false, legendType: 'none' } as const
  if (role === 'reference')
    return { strokeWidth: 1.5, strokeDasharray: '1.5 3', dot: false, legendType: 'plainline' } as const
  if (role === 'companion') {
    const type = kind === 'histogram' ? 'step' : 'linear'
    return { strokeWidth: 1.5, strokeDasharray: '6 4', dot: false, type, legendType: 'none' } as const
  }
  const hasDots = kind === 'points' || points < 40
  return { strokeWidth: kind === 'points' ? 0 : 2, dot: hasDots && { r: 3, fill: colour } }
}
