import { Navigate, Route, Routes } from 'react-router'
import { NotFound } from '@/components/page-error'
import { InvitationsPage } from '@/features/accounts/invitations-page'
import { AuditPage } from '@/features/audit/audit-page'
import { CrowdworkerPage } from '@/features/crowdworkers/crowdworker-page'
import { CrowdworkersPage } from '@/features/crowdworkers/crowdworkers-page'
import { AdminLayout } from '@/features/dashboard/admin-layout'
import { OverviewPage } from '@/features/dashboard/overview-page'
import { ConversationPage } from '@/features/explorer/conversation-page'
import { ConversationsPage } from '@/features/explorer/conversations-page'
import { ExportsPage } from '@/features/exports/exports-page'
import { ImprovementPage } from '@/features/improvement/improvement-page'
import { IterationPage } from '@/features/iterations/iteration-page'
import { IterationsPage } from '@/features/iterations/iterations-page'
import { SchedulePage } from '@/features/iterations/schedule-page'
import { LeaderboardPage } from '@/features/leaderboard/leaderboard-page'
import { LineagePage } from '@/features/lineage/lineage-page'
import { InboxPage } from '@/features/messages/inbox-page'
import { Reports } from '@/features/messages/reports'
import { ThreadView } from '@/features/messages/thread-view'
import { Threads } from '@/features/messages/threads'
import { NotificationsPage } from '@/features/notifications/notifications-page'
import { PayPage } from '@/features/payments/pay-page'
import { PeoplePage } from '@/features/people/people-page'
import { PlaygroundPage } from '@/features/playground/playground-page'
import { ReviewsPage } from '@/features/reviews/reviews-page'
import { ComparePage } from '@/features/snapshots/compare-page'
import { DeploymentsPage } from '@/features/snapshots/deployments-page'
import { SnapshotPage } from '@/features/snapshots/snapshot-page'
import { SnapshotsPage } from '@/features/snapshots/snapshots-page'
import { StudiesPage } from '@/features/studies/studies-page'
import { ConsentEditorPage } from '@/features/texts/consent-editor-page'
import { TextsPage } from '@/features/texts/texts-page'
import { PoliciesPage } from '@/features/trained/policies-page'
import { PreferenceModelsPage } from '@/features/trained/preference-models-page'
import { TranchePage } from '@/features/tranches/tranche-page'
import { TranchesPage } from '@/features/tranches/tranches-page'

/** The researchers' and admins' pages, below /admin. The charts within them are fetched apart once more. */
export function AdminPages() {
  return (
    <Routes>
      <Route element={<AdminLayout />}>
        <Route index element={<OverviewPage />} />
        <Route path="iterations" element={<IterationsPage />} />
        <Route path="iterations/:id" element={<IterationPage />} />
        <Route path="snapshots" element={<SnapshotsPage />} />
        <Route path="snapshots/compare" element={<ComparePage />} />
        <Route path="snapshots/:name" element={<SnapshotPage />} />
        <Route path="playground" element={<PlaygroundPage />} />
        <Route path="preference-models" element={<PreferenceModelsPage />} />
        <Route path="policies" element={<PoliciesPage />} />
        <Route path="leaderboard" element={<LeaderboardPage />} />
        <Route path="deployments" element={<DeploymentsPage />} />
        <Route path="conversations" element={<ConversationsPage />} />
        <Route path="conversations/:id" element={<ConversationPage />} />
        <Route path="lineage" element={<LineagePage />} />
        <Route path="tranches" element={<TranchesPage />} />
        <Route path="tranches/:name" element={<TranchePage />} />
        <Route path="exports" element={<ExportsPage />} />
        <Route path="schedule" element={<SchedulePage />} />
        <Route path="texts/:slug?" element={<TextsPage />} />
        <Route path="consent" element={<ConsentEditorPage />} />
        <Route path="inbox" element={<InboxPage />}>
          <Route index element={<Navigate to="messages" replace />} />
          <Route path="messages" element={<Threads />} />
          <Route path="messages/:accountId" element={<ThreadView />} />
          <Route path="reports" element={<Reports />} />
        </Route>
        <Route path="crowdworkers" element={<CrowdworkersPage />} />
        <Route path="crowdworkers/:id" element={<CrowdworkerPage />} />
        <Route path="reviews" element={<ReviewsPage />} />
        <Route path="notifications" element={<NotificationsPage />} />
        <Route path="pay" element={<PayPage />} />
        <Route path="people" element={<PeoplePage />} />
        <Route path="studies" element={<StudiesPage />} />
        <Route path="invitations" element={<InvitationsPage />} />
        <Route path="improvement" element={<ImprovementPage />} />
        <Route path="audit" element={<AuditPage />} />
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  )
}
