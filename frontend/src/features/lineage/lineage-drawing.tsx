import { Text, VisuallyHidden } from '@mantine/core'
import { Link } from 'react-router'
import type { LineageGraph, LineageNode } from '@/api/types'
import { arrange, HEIGHT, WIDTH } from './arrange'
import classes from './lineage.module.css'
import { words } from './words'

/** Five columns with lines between them. Each thing also says in words what it was made from, so that the lines are
 * only for the eye; on a phone the columns stand one below the other, without lines. */
export function LineageDrawing({ lineage }: { lineage: LineageGraph }) {
  const { columns, lines, height } = arrange(lineage)
  const names = new Map(lineage.nodes.map((node) => [node.id, node.name]))
  const sources = (id: string) =>
    lineage.edges.filter((edge) => edge.made === id).map((edge) => names.get(edge.made_from) ?? '')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways where the window is narrow
    <section className={classes.frame} aria-label={words.of(lineage.of)} tabIndex={0}>
      <div className={classes.drawing} style={{ '--height': `${height}px` } as React.CSSProperties}>
        <svg
          className={classes.lines}
          viewBox={`0 0 ${WIDTH} ${height}`}
          preserveAspectRatio="none"
          aria-hidden
        >
          {lines.map((line) => (
            <path key={line.key} d={line.path} vectorEffect="non-scaling-stroke" />
          ))}
        </svg>
        {columns.map(({ column, nodes }) => (
          <section key={column} className={classes.column} aria-label={words.columns[column]}>
            <h2 className={classes.head}>{words.columns[column]}</h2>
            {nodes.length === 0 && (
              <Text size="sm" c="dimmed" className={classes.nothing}>
                {words.none[column]}
              </Text>
            )}
            <ul className={classes.nodes}>
              {nodes.map(({ node, top }) => (
                <li
                  key={node.id}
                  className={classes.node}
                  data-asked={node.asked || undefined}
                  style={{ '--top': `${top}px`, '--node': `${HEIGHT}px` } as React.CSSProperties}
                >
                  <Thing node={node} sources={sources(node.id)} page={pageOf(node, lineage)} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </section>
  )
}

interface ThingProps {
  node: LineageNode
  sources: string[]
  /** Its own, if it has one. */
  page: string | null
}

function Thing({ node, sources, page }: ThingProps) {
  const isEarned = node.column === 'earned'
  const count = node.comparisons != null && words.comparisons(node.comparisons)
  const facts = [
    isEarned ? node.name : count,
    ...(node.facts ?? []),
    node.since && words.since(day(node.since), node.until ? day(node.until) : null),
  ].filter(Boolean)
  const name = isEarned ? count : node.name
  return (
    <>
      <Text size="sm" fw={600} className={classes.name}>
        {page ? <Link to={page}>{name}</Link> : name}
      </Text>
      {facts.map((fact) => (
        <Text key={String(fact)} size="xs" c="dimmed" className={classes.name}>
          {fact}
        </Text>
      ))}
      {sources.length > 0 && <VisuallyHidden>{words.madeFrom(sources)}</VisuallyHidden>}
    </>
  )
}

/** Where there is more about a thing; of what was earned, the conversations. */
function pageOf({ id, name, column }: LineageNode, { nodes, edges }: LineageGraph): string | null {
  const madeFrom = (made: string) => edges.find((edge) => edge.made === made)?.made_from ?? ''
  switch (column) {
    case 'tranches':
      return id === 'older' ? null : `/admin/tranches/${encodeURIComponent(name)}`
    case 'pms':
    case 'policies':
      return `/admin/snapshots/${encodeURIComponent(name)}`
    case 'deployments':
      return '/admin/deployments'
    case 'earned': {
      const snapshot = nodes.find((node) => node.id === madeFrom(madeFrom(id)))
      return `/admin/conversations?${new URLSearchParams({ task: name, snapshot: snapshot?.name ?? '' })}`
    }
  }
}

function day(at: string): string {
  return new Date(at).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
}
