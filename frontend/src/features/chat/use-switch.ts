import { useNavigate } from 'react-router'
import { useStartAssignment, useTasks, useWithdraw } from '@/api/assignments'
import type { Assignment } from '@/api/types'

/** The way from a red-team assignment to helpful conversations; `null` where there is none. */
export function useSwitch(assignment: Assignment) {
  const redTeam = assignment.task.kind === 'red-team'
  const tasks = useTasks(redTeam)
  const withdraw = useWithdraw(assignment.id)
  const start = useStartAssignment()
  const navigate = useNavigate()
  const other = tasks.data?.find(
    ({ kind, available, qualification }) =>
      kind === 'helpfulness' &&
      available === null &&
      (qualification === 'none' || qualification === 'passed'),
  )
  if (!redTeam || !other) return null

  async function go(slug: string) {
    // First the new one, then out of the old one: where the first is refused, nothing has been given up.
    const next = await start.mutateAsync(slug)
    await withdraw.mutateAsync()
    navigate(`/assignments/${next.id}`)
  }
  return {
    go: () => void go(other.slug).catch(() => undefined), // what went wrong is in `error`
    isPending: withdraw.isPending || start.isPending,
    error: start.error ?? withdraw.error,
  }
}
