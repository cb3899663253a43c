import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

export const tasksKey = ['tasks'] as const

export function useTasks(enabled = true) {
  return useQuery({
    queryKey: tasksKey,
    queryFn: () => answer(api.GET('/api/v1/tasks')),
    enabled,
  })
}

export const assignmentsKey = ['assignments'] as const
export const assignmentKey = (id: string) => [...assignmentsKey, id] as const

/** A participant's visit from a crowd platform: it ends with the assignment, or with the last try to qualify for it. */
export const visitKey = ['visit'] as const

/** What looks after people who red-team counts ended conversations. */
export const careKey = ['care'] as const

/** One's own, newest first. */
export function useAssignments() {
  return useQuery({
    queryKey: assignmentsKey,
    queryFn: () => answer(api.GET('/api/v1/assignments')),
  })
}

export function useAssignment(id: string, options: { staleTime?: number; enabled?: boolean } = {}) {
  return useQuery({
    queryKey: assignmentKey(id),
    queryFn: () =>
      answer(api.GET('/api/v1/assignments/{assignment_id}', { params: { path: { assignment_id: id } } })),
    ...options,
  })
}

/** Takes a new assignment of the task, or gives back the open one. */
export function useStartAssignment() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (task: string) => answer(api.POST('/api/v1/assignments', { body: { task } })),
    onSuccess: (assignment) => {
      client.setQueryData(assignmentKey(assignment.id), assignment)
      void client.invalidateQueries({ queryKey: assignmentsKey, exact: true })
    },
  })
}

export function useWithdraw(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/assignments/{assignment_id}/withdraw', { params: { path: { assignment_id: id } } }),
      ),
    onSuccess: (assignment) => {
      client.setQueryData(assignmentKey(id), assignment)
      void client.invalidateQueries({ queryKey: assignmentsKey, exact: true })
      void client.invalidateQueries({ queryKey: visitKey })
    },
  })
}
