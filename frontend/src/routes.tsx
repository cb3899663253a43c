import { lazy, Suspense } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import { ErrorBoundary } from '@/components/error-boundary'
import { Loading } from '@/components/loading'
import { NotFound } from '@/components/page-error'
import { RequireSession } from '@/features/accounts/require-session'
import { SignedInLayout } from '@/features/accounts/signed-in-layout'
import { ChatPage } from '@/features/chat/chat-page'
import { RequireConsent } from '@/features/consent/require-consent'
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
const ConsentPage = lazy(async () => ({
  default: (await import('@/features/consent/consent-page')).ConsentPage,
}))
const GuidePage = lazy(async () => ({
  default: (await import('@/features/guide/guide-page')).GuidePage,
}))
const QualificationPage = lazy(async () => ({
  default: (await import('@/features/qualification/qualification-page')).QualificationPage,
}))
const AccountPage = lazy(async () => ({
  default: (await import('@/features/account/account-page')).AccountPage,
}))
const MessagesPage = lazy(async () => ({
  default: (await import('@/features/messages/messages-page')).MessagesPage,
}))
const StudyPage = lazy(async () => ({
  default: (await import('@/features/studies/study-page')).StudyPage,
}))
const StudyEndPage = lazy(async () => ({
  default: (await import('@/features/studies/study-end-page')).StudyEndPage,
}))
const MTurkFramePage = lazy(async () => ({
  default: (await import('@/features/studies/mturk-frame-page')).MTurkFramePage,
}))
const TextsPage = lazy(async () => ({
  default: (await import('@/features/texts/texts-page')).TextsPage,
}))
const ConsentEditorPage = lazy(async () => ({
  default: (await import('@/features/texts/consent-editor-page')).ConsentEditorPage,
}))
const InboxPage = lazy(async () => ({
  default: (await import('@/features/messages/inbox-page')).InboxPage,
}))
const Threads = lazy(async () => ({
  default: (await import('@/features/messages/threads')).Threads,
}))
const ThreadView = lazy(async () => ({
  default: (await import('@/features/messages/thread-view')).ThreadView,
}))
const Reports = lazy(async () => ({
  default: (await import('@/features/messages/reports')).Reports,
}))
const PeoplePage = lazy(async () => ({
  default: (await import('@/features/people/people-page')).PeoplePage,
}))
const StudiesPage = lazy(async () => ({
  default: (await import('@/features/studies/studies-page')).StudiesPage,
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
          <Route path="/consent" element={<ConsentPage />} />
          <Route path="/study" element={<StudyPage />} />
          <Route path="/mturk" element={<MTurkFramePage />} />
          <Route element={<RequireSession />}>
            <Route path="/study/end" element={<StudyEndPage />} />
            <Route element={<RequireConsent />}>
              <Route path="/assignments/:id" element={<ChatPage />} />
              <Route element={<SignedInLayout />}>
                <Route path="/" element={<TasksPage />} />
                <Route path="/tasks/:slug" element={<TasksPage />} />
                <Route path="/tasks/:slug/guide" element={<GuidePage />} />
                <Route path="/tasks/:slug/qualification" element={<QualificationPage />} />
                <Route path="/account" element={<AccountPage />} />
                <Route path="/messages" element={<MessagesPage />} />
                <Route path="/admin" element={<AdminLayout />}>
                  <Route index element={<OverviewPage />} />
                  <Route path="iterations" element={<IterationsPage />} />
                  <Route path="iterations/:id" element={<IterationPage />} />
                  <Route path="snapshots" element={<SnapshotsPage />} />
                  <Route path="deployments" element={<DeploymentsPage />} />
                  <Route path="schedule" element={<SchedulePage />} />
                  <Route path="texts/:slug?" element={<TextsPage />} />
                  <Route path="consent" element={<ConsentEditorPage />} />
                  <Route path="inbox" element={<InboxPage />}>
                    <Route index element={<Navigate to="messages" replace />} />
                    <Route path="messages" element={<Threads />} />
                    <Route path="messages/:accountId" element={<ThreadView />} />
                    <Route path="reports" element={<Reports />} />
                  </Route>
                  <Route path="people" element={<PeoplePage />} />
                  <Route path="studies" element={<StudiesPage />} />
                  <Route path="invitations" element={<InvitationsPage />} />
                </Route>
              </Route>
            </Route>
          </Route>
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </ErrorBoundary>
  )
}
