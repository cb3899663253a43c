import { Badge } from '@mantine/core'
import type { CrowdworkerLine } from '@/api/types'
import { words } from './words'

/** What was decided about somebody. */
export function Marks({ person }: { person: CrowdworkerLine }) {
  return (
    <>
      {person.suspended && (
        <Badge color="red" variant="light">
          {words.suspended}
        </Badge>
      )}
      {person.excluded_reason && (
        <Badge color="orange" variant="light" title={person.excluded_reason}>
          {person.excluded_since ? words.leftOutSince(day(person.excluded_since)) : words.leftOut}
        </Badge>
      )}
      {person.may_edit && <Badge variant="default">{words.mayEditBadge}</Badge>}
    </>
  )
}

/** A day as the server has it: UTC. */
export function day(at: string): string {
  return new Date(at).toLocaleDateString(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
}

/** The same, for a narrow column: without a year where it is this one. */
export function shortDay(at: string): string {
  if (new Date(at).getUTCFullYear() !== new Date().getUTCFullYear()) return day(at)
  return new Date(at).toLocaleDateString(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' })
}
