import type { QueryClient } from '@tanstack/react-query'

/** Other tabs of this browser look again as soon as this one has changed something on the server. */
export function keepTabsTogether(client: QueryClient): void {
  if (!('BroadcastChannel' in globalThis)) return
  const tabs = new BroadcastChannel('turnwise')
  tabs.onmessage = () => void client.invalidateQueries()
  client.getMutationCache().subscribe((event) => {
    if (event.type === 'updated' && event.action.type === 'success') tabs.postMessage('changed')
  })
}
