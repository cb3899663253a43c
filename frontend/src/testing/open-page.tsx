import userEvent from '@testing-library/user-event'
import { createRoot } from 'react-dom/client'
import { MemoryRouter } from 'react-router'
import { onTestFinished } from 'vitest'
import { makeQueryClient } from '@/api/query-client'
import { App } from '@/app'

/** The whole application at an address, and somebody in front of it. */
export function openPage(path: string) {
  const user = userEvent.setup()
  const container = document.body.appendChild(document.createElement('div'))
  const root = createRoot(container)
  // As in a browser, not with `render`: its `act` forgets a page that has to be fetched first.
  unwatched(() =>
    root.render(
      <MemoryRouter initialEntries={[path]}>
        <App queryClient={makeQueryClient()} />
      </MemoryRouter>,
    ),
  )
  let open = true
  function unmount() {
    if (open) unwatched(() => root.unmount())
    open = false
    container.remove()
  }
  onTestFinished(unmount)
  return { user, container, unmount }
}

/** React complains of whatever happens outside `act` while this is set. */
function unwatched(change: () => void): void {
  const react = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }
  const before = react.IS_REACT_ACT_ENVIRONMENT ?? false
  react.IS_REACT_ACT_ENVIRONMENT = false
  change()
  react.IS_REACT_ACT_ENVIRONMENT = before
}
