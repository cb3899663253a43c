import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'

const payKey = ['pay'] as const

/** What is due, the bonuses that wait, and what was exported. */
export function usePay() {
  return useQuery({ queryKey: payKey, queryFn: () => answer(api.GET('/api/v1/pay')) })
}

export function useExportPay() {
  return usePayChange((until: string | null) => answer(api.POST('/api/v1/pay/exports', { body: { until } })))
}

/** A file of bonuses: taken whole, or, where a line is wrong, not at all. */
export function useAddBonuses() {
  return usePayChange((body: { csv: string; currency: string }) =>
    answer(api.POST('/api/v1/pay/bonuses', { body })),
  )
}

export function useTakeBonusBack() {
  return usePayChange((bonus_id: string) =>
    answer(api.DELETE('/api/v1/pay/bonuses/{bonus_id}', { params: { path: { bonus_id } } })),
  )
}

interface NewBonus {
  key: string
  cents: number
  currency: string
  reason: string
}

export function useAddBonus(account_id: string) {
  return usePayChange((body: NewBonus) =>
    answer(api.POST('/api/v1/accounts/{account_id}/bonuses', { params: { path: { account_id } }, body })),
  )
}

/** Where the browser finds an export as a file. */
export function payCsvOf(id: string): string {
  return `/api/v1/pay/exports/${id}/csv`
}

function usePayChange<Body, Result>(change: (body: Body) => Promise<Result>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSettled: () => client.invalidateQueries({ queryKey: payKey }),
  })
}
