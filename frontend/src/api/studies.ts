import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { visitKey } from '@/api/assignments'
import { answer, api } from '@/api/client'
import { useKeepSession } from '@/api/session'
import type { StudyEntry, StudySettings } from '@/api/types'

const studiesKey = ['studies'] as const

/** Comes in by a platform's link: signs the participant in. */
export function useEnterStudy() {
  const keep = useKeepSession()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (entry: StudyEntry) => answer(api.POST('/api/v1/studies/enter', { body: entry })),
    onSuccess: (entered) => {
      client.clear() // whoever used this browser before
      keep({ account: entered.account, csrf_token: entered.csrf_token })
    },
  })
}

/** How the participant's visit stands, with the code once it has ended; null for who came by no study. */
export function useVisit() {
  return useQuery({
    queryKey: visitKey,
    queryFn: () => answer(api.GET('/api/v1/visits/current')),
  })
}

export function useLeaveStudy() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/v1/visits/current/withdraw')),
    onSuccess: (visit) => client.setQueryData(visitKey, visit),
  })
}

/** What the page in MTurk's frame shows, for the query string that MTurk gave it. */
export function useMTurkFrame(query: Record<string, string>) {
  return useQuery({
    queryKey: ['mturk', query],
    queryFn: () => answer(api.GET('/api/v1/studies/mturk', { params: { query } })),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function useStudies() {
  return useQuery({
    queryKey: studiesKey,
    queryFn: () => answer(api.GET('/api/v1/studies')),
  })
}

/** Makes a study, or changes the one with this id. */
export function useSaveStudy(id: string | null) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: StudySettings & { version?: number }) =>
      id === null
        ? answer(api.POST('/api/v1/studies', { body }))
        : answer(api.PUT('/api/v1/studies/{study_id}', { params: { path: { study_id: id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: studiesKey }),
  })
}

export function useStudyVisits(id: string) {
  return useQuery({
    queryKey: [...studiesKey, id, 'visits'],
    queryFn: () =>
      answer(api.GET('/api/v1/studies/{study_id}/visits', { params: { path: { study_id: id } } })),
  })
}
