import type { LineageGraph, LineageNode } from '@/api/types'

export const COLUMNS = ['tranches', 'pms', 'policies', 'deployments', 'earned'] as const
export type Column = (typeof COLUMNS)[number]

/** Of a node and of what lies between two, in pixels; of the drawing's width, in units that are stretched to fit. */
export const HEIGHT = 94
const GAP = 12
export const WIDTH = 1000
const COLUMN = WIDTH / COLUMNS.length
const BOX = 166 // of a column, as in lineage.module.css; lines bend in the rest

interface Placed {
  node: LineageNode
  top: number
}

/** Each thing as high as what it was made from, on average, but none upon another; and the lines between them. */
export function arrange({ nodes, edges }: Pick<LineageGraph, 'nodes' | 'edges'>) {
  const tops = new Map<string, number>()
  const columns = COLUMNS.map((column) => {
    const wanted = nodes
      .filter((node) => node.column === column)
      .map((node, at) => {
        const from = edges.flatMap((edge) => (edge.made === node.id ? [tops.get(edge.made_from) ?? 0] : []))
        const mean = from.reduce((sum, top) => sum + top, 0) / from.length
        return { node, top: from.length > 0 ? mean : at * (HEIGHT + GAP) }
      })
      .sort((a, b) => a.top - b.top)
    let free = 0
    const placed: Placed[] = wanted.map(({ node, top }) => {
      const at = Math.max(free, Math.round(top))
      free = at + HEIGHT + GAP
      tops.set(node.id, at)
      return { node, top: at }
    })
    return { column, nodes: placed }
  })
  const places = new Map<string, number>(nodes.map((node) => [node.id, COLUMNS.indexOf(node.column)]))
  const middle = (id: string) => (tops.get(id) ?? 0) + HEIGHT / 2
  let lowest = Math.max(HEIGHT, ...[...tops.values()].map((top) => top + HEIGHT))
  const lines = edges.map(({ made_from, made }) => {
    const first = places.get(made_from) ?? 0
    const last = places.get(made) ?? 0
    let [x, y] = [first * COLUMN + BOX, middle(made_from)]
    let path = `M${x} ${y}`
    for (let column = first + 1; column <= last; column++) {
      const passes = column < last
      const straight = y + (middle(made) - y) / (last - column + 1)
      const to = passes ? lane(straight, columns[column]?.nodes ?? []) : middle(made)
      const bend = (x + column * COLUMN) / 2
      path += ` C${bend} ${y} ${bend} ${to} ${column * COLUMN} ${to}`
      if (passes) path += ` H${column * COLUMN + BOX}`
      lowest = Math.max(lowest, to + GAP / 2)
      ;[x, y] = [column * COLUMN + BOX, to]
    }
    return { key: `${made_from} ${made}`, path }
  })
  return { columns, lines, height: lowest }
}

/** Where a line passes a column without going behind a box: as near as there is room above, between or below them. */
export function lane(wanted: number, boxes: { top: number }[]): number {
  const free: number[] = []
  let above = 0
  for (const { top } of boxes) {
    if (top - above >= GAP) free.push(Math.min(Math.max(wanted, above + GAP / 2), top - GAP / 2))
    above = top + HEIGHT
  }
  free.push(Math.max(wanted, above + (above && GAP / 2)))
  const distance = (y: number) => Math.abs(y - wanted)
  return free.reduce((best, y) => (distance(y) < distance(best) ? y : best))
}
