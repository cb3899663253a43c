import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter } from 'react-router'
import { makeQueryClient } from '@/api/query-client'
import { App } from '@/app'

/** The whole application at an address, and somebody in front of it. */
export function openPage(path: string) {
  const user = userEvent.setup()
  const page = render(
    <MemoryRouter initialEntries={[path]}>
      <App queryClient={makeQueryClient()} />
    </MemoryRouter>,
  )
  return { user, ...page }
}
