import { useMutation, useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { saveFile } from '@/api/save-file'

export function useProgress() {
  return useQuery({
    queryKey: ['progress'],
    queryFn: () => answer(api.GET('/api/v1/account/progress')),
  })
}

/** Everything that is stored about oneself, handed to the browser as a file. */
export function useDownloadOwnData() {
  return useMutation({
    mutationFn: async () => {
      const data = await answer(api.GET('/api/v1/account/data'))
      const file = new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' })
      saveFile(file, 'turnwise-my-data.json')
    },
  })
}

/** For good. The server signs out. */
export function useEraseOwnData() {
  return useMutation({
    mutationFn: (proof: { password: string } | { confirm: 'erase' }) =>
      answer(api.DELETE('/api/v1/account/data', { body: proof })),
  })
}
