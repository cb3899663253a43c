import type { ReactNode } from 'react'
import classes from './explorer.module.css'

/** What there is of these, each with its name. */
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  const there = rows.filter(
    ([, value]) => value !== null && value !== undefined && value !== false && value !== '',
  )
  if (there.length === 0) return null
  return (
    <dl className={classes.about}>
      {there.map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  )
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd dir="auto">{value}</dd>
    </>
  )
}
