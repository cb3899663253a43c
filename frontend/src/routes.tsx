import { lazy, Suspense } from 'react'
import { Route, Routes } from 'react-router'
import { ErrorBoundary } from '@/components/error-boundary'
import { Loading } from '@/components/loading'
import { NotFound } from '@/components/page-error'
import { RequireSession } from '@/features/accounts/require-session'
import { SignedInLayout } from '@/features/accounts/signed-in-layout'
import { ChatPage } from '@/features/chat/chat-page'
import { TasksPage } from '@/features/tasks/tasks-page'

// The crowdworker's pages come at once. Everything else, and the charts within it, is fetched when visited.
const SignInPage = lazy(async () => ({
  default: (await import('@/features/accounts/sign-in-page')).SignInPage,
}))
const SignUpPage = lazy(async () => ({
  default: (await import('@/features/accounts/sign-up-page')).SignUpPage,
}))
const InvitationPage = lazy(async () => ({
  default: (await import('@/features/accounts/invitation-page')).InvitationPage,
}))
const AdminLayout = lazy(async () => ({
  default: (await import('@/features/dashboard/admin-layout')).AdminLayout,
}))
const OverviewPage = lazy(async () => ({
  default: (await import('@/features/dashboard/overview-page')).OverviewPage,
}))
const IterationsPage = lazy(async () => ({
  default: (await import('@/features/iterations/iterations-page')).IterationsPage,
}))
const IterationPage = lazy(async () => ({
  default: (await import('@/features/iterations/iteration-page')).IterationPage,
}))
const SchedulePage = lazy(async () => ({
  default: (await import('@/features/iterations/schedule-page')).SchedulePage,
}))
const SnapshotsPage = lazy(async () => ({
  default: (await import('@/features/snapshots/snapshots-page')).SnapshotsPage,
}))
const DeploymentsPage = lazy(async () => ({
  default: (await import('@/features/snapshots/deployments-page')).DeploymentsPage,
}))
const InvitationsPage = lazy(async () => ({
  default: (await import('@/features/accounts/invitations-page')).InvitationsPage,
}))

/** Every page and its address. */
export function Pages() {
  return (
    <ErrorBoundary>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route path="/sign-in" element={<SignInPage />} />
          <Route path="/sign-up" element={<SignUpPage />} />
          <Route path="/invitation/:token" element={<InvitationPage />} />
          <Route element={<RequireSession />}>
            <Route path="/assignments/:id" element={<ChatPage />} />
            <Route element={<SignedInLayout />}>
              <Route path="/" element={<TasksPage />} />
              <Route path="/admin" element={<AdminLayout />}>
                <Route index element={<OverviewPage />} />
                <Route path="iterations" element={<IterationsPage />} />
                <Route path="iterations/:id" element={<IterationPage />} />
                <Route path="snapshots" element={<SnapshotsPage />} />
                <Route path="deployments" element={<DeploymentsPage />} />
                <Route path="schedule" element={<SchedulePage />} />
                <Route path="invitations" element={<InvitationsPage />} />
              </Route>
            </Route>
          </Route>
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </ErrorBoundary>
  )
}
