import { lazy, Suspense } from 'react'
import { Route, Routes } from 'react-router'
import { ErrorBoundary } from '@/components/error-boundary'
import { Loading } from '@/components/loading'
import { RequireSession } from '@/features/accounts/require-session'
import { ChatPage } from '@/features/chat/chat-page'
import { RequireConsent } from '@/features/consent/require-consent'

// The page on which people spend their hours comes at once, and it alone: vite.config.ts holds it to a size. All others
// are fetched when the first of them is visited, and the researchers' ones apart from them.
const OtherPages = lazy(async () => ({ default: (await import('@/other-routes')).OtherPages }))

/** Every page and its address, together with other-routes.tsx and admin-routes.tsx. */
export function Pages() {
  return (
    <ErrorBoundary>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route element={<RequireSession />}>
            <Route element={<RequireConsent />}>
              <Route path="/assignments/:id" element={<ChatPage />} />
            </Route>
          </Route>
          <Route path="*" element={<OtherPages />} />
        </Routes>
      </Suspense>
    </ErrorBoundary>
  )
}
