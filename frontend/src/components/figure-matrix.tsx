import { ScrollArea, Text } from '@mantine/core'
import type { CSSProperties } from 'react'
import type { Figure } from '@/api/types'
import { warmth } from '@/components/figure-colours'
import classes from '@/components/figure-matrix.module.css'

/** A figure whose series are rows and whose x names the columns: numbers on a warm or cold ground, around 50. */
export function FigureMatrix({ figure }: { figure: Pick<Figure, 'title' | 'x' | 'y' | 'series'> }) {
  const columns = figure.series.map((row) => row.name)
  return (
    <ScrollArea viewportProps={{ tabIndex: 0, 'aria-label': figure.title, role: 'region' }} mah={520}>
      <table className={classes.matrix}>
        <thead>
          <tr>
            <td className={classes.corner}>
              <Text size="xs" c="dimmed">
                {figure.y.label} ({figure.y.unit}) ↓ {figure.x.label} →
              </Text>
            </td>
            {columns.map((name) => (
              <th key={name} scope="col">
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {figure.series.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              {columns.map((name) => {
                const point = row.points.find(({ x }) => x === name)
                if (!point) return <td key={name} />
                const [light, dark] = [warmth('light', point.y), warmth('dark', point.y)]
                const ground = {
                  '--tone': `light-dark(${light.colour}, ${dark.colour})`,
                  '--away': `${Math.round(light.strength * 100)}%`,
                }
                return (
                  <td
                    key={name}
                    style={ground as CSSProperties}
                    title={`${row.name} ${figure.x.label} ${name}: ${point.y} ${figure.y.unit}${point.of != null ? ` of ${point.of.toLocaleString()}` : ''}`}
                  >
                    {Math.round(point.y)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  )
}
