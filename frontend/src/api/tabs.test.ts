import { MutationObserver, QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, it, vi } from 'vitest'
import { keepTabsTogether } from './tabs'

it('what one tab has changed is asked for again by the others, and by them alone', async () => {
  const [one, other] = [new QueryClient(), new QueryClient()]
  const asked = { one: vi.fn(async () => 1), other: vi.fn(async () => 1) }
  const query = (queryFn: () => Promise<number>) => ({ queryKey: ['rows'], queryFn, staleTime: 60_000 })
  new QueryObserver(one, query(asked.one)).subscribe(() => undefined)
  new QueryObserver(other, query(asked.other)).subscribe(() => undefined)
  keepTabsTogether(one)
  keepTabsTogether(other)

  await new MutationObserver(one, { mutationFn: async () => 'changed' }).mutate()
  await vi.waitFor(() => expect(asked.other).toHaveBeenCalledTimes(2))
  expect(asked.one).toHaveBeenCalledTimes(1)
})
