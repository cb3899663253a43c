import classes from './snapshots.module.css'

interface ScoreStripProps {
  scores: number[]
  chosen: number
  /** Both snapshots' strips have the same ends. */
  scale: { from: number; to: number }
  label: string
}

const WIDTH = 300

/** All responses' scores on a line; the filled one is the median, which is shown. */
export function ScoreStrip({ scores, chosen, scale, label }: ScoreStripProps) {
  const at = (score: number) => 8 + ((score - scale.from) / (scale.to - scale.from || 1)) * (WIDTH - 16)
  const said = `${label}: ${scores.map((score) => score.toFixed(2)).join(', ')}`
  return (
    <svg
      className={classes.strip}
      viewBox={`0 0 ${WIDTH} 18`}
      preserveAspectRatio="none"
      role="img"
      aria-label={said}
    >
      <line x1="0" x2={WIDTH} y1="9" y2="9" stroke="var(--line)" vectorEffect="non-scaling-stroke" />
      {scores.map((score, place) => (
        <line
          // biome-ignore lint/suspicious/noArrayIndexKey: scores may be equal, and never change their order
          key={place}
          x1={at(score)}
          x2={at(score)}
          y1="4"
          y2="14"
          stroke="var(--faint)"
          vectorEffect="non-scaling-stroke"
        />
      ))}
      <line
        x1={at(chosen)}
        x2={at(chosen)}
        y1="0"
        y2="18"
        stroke="var(--accent)"
        strokeWidth="3"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  )
}
