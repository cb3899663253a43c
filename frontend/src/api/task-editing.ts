import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { tasksKey } from '@/api/assignments'
import { auditKey } from '@/api/audit'
import { answer, api } from '@/api/client'
import { consentKey } from '@/api/consent'
import type { NewTaskText, TaskSettings } from '@/api/types'

// What researchers change. Apart from what everybody reads: the chat's first paint has no use for it.

const textsKey = (slug: string) => ['task-texts', slug] as const
const settingsKey = (slug: string) => ['task-settings', slug] as const
const path = (slug: string) => ({ params: { path: { slug } } })

/** Every version of what crowdworkers read in a task, newest first. */
export function useTaskTexts(slug: string) {
  return useQuery({
    queryKey: textsKey(slug),
    queryFn: () => answer(api.GET('/api/v1/tasks/{slug}/texts', path(slug))),
  })
}

/** A new version, which is shown from now on. */
export function usePublishTaskText(slug: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: NewTaskText & { based_on: number }) =>
      answer(api.POST('/api/v1/tasks/{slug}/texts', { ...path(slug), body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: tasksKey })
      void client.invalidateQueries({ queryKey: auditKey })
      return client.invalidateQueries({ queryKey: textsKey(slug) })
    },
    onError: () => client.invalidateQueries({ queryKey: textsKey(slug) }), // somebody else's may be newer
  })
}

export function useTaskSettings(slug: string) {
  return useQuery({
    queryKey: settingsKey(slug),
    queryFn: () => answer(api.GET('/api/v1/tasks/{slug}', path(slug))),
  })
}

export function useChangeTaskSettings(slug: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: TaskSettings) => answer(api.PUT('/api/v1/tasks/{slug}', { ...path(slug), body })),
    onSuccess: (settings) => {
      client.setQueryData(settingsKey(slug), settings)
      void client.invalidateQueries({ queryKey: auditKey })
      void client.invalidateQueries({ queryKey: tasksKey })
    },
  })
}

export function usePublishConsent() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: { body: string; based_on: number }) => answer(api.POST('/api/v1/consent', { body })),
    onSuccess: (text) => {
      client.setQueryData(consentKey, text)
      void client.invalidateQueries({ queryKey: auditKey })
    },
    onError: () => client.invalidateQueries({ queryKey: consentKey }), // somebody else's may be newer
  })
}
