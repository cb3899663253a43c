import { useMutation, useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

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
      const link = document.createElement('a')
      link.href = URL.createObjectURL(file)
      link.download = 'turnwise-my-data.json'
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // some browsers ask first where to save it
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
