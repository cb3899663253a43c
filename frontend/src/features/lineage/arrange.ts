import type { LineageGraph, LineageNode } from '@/api/types'

export const COLUMNS = ['tranches', 'pms', 'policies', 'deployments', 'earned'] as const
export type Column = (typeof COLUMNS)[number]

/** Of a node and of what lies between two, in pixels; of the drawing's width, in units that are stretched to fit. */
export const HEIGHT = 94
const GAP = 12
export const WIDTH = 1000
const COLUMN = WIDTH / COLUMNS.length
const MARGIN = 34

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
  const lines = edges.map(({ made_from, made }) => {
    const x = (places.get(made_from) ?? 0) * COLUMN + COLUMN - MARGIN
    const end = (places.get(made) ?? 0) * COLUMN
    const y = (tops.get(made_from) ?? 0) + HEIGHT / 2
    const endY = (tops.get(made) ?? 0) + HEIGHT / 2
    const middle = (x + end) / 2
    return {
      key: `${made_from} ${made}`,
      path: `M${x} ${y} C${middle} ${y} ${middle} ${endY} ${end} ${endY}`,
    }
  })
  const height = Math.max(HEIGHT, ...[...tops.values()].map((top) => top + HEIGHT))
  return { columns, lines, height }
}
