import { lazy } from 'react'
import { Route, Routes } from 'react-router'
import { NotFoundPage } from '@/components/page-error'
import { AccountPage } from '@/features/account/account-page'
import { ErasedPage } from '@/features/account/erased-page'
import { InvitationPage } from '@/features/accounts/invitation-page'
import { RequireSession } from '@/features/accounts/require-session'
import { SignInPage } from '@/features/accounts/sign-in-page'
import { SignUpPage } from '@/features/accounts/sign-up-page'
import { SignedInLayout } from '@/features/accounts/signed-in-layout'
import { ConsentPage } from '@/features/consent/consent-page'
import { RequireConsent } from '@/features/consent/require-consent'
import { GuidePage } from '@/features/guide/guide-page'
import { MessagesPage } from '@/features/messages/messages-page'
import { QualificationPage } from '@/features/qualification/qualification-page'
import { MTurkFramePage } from '@/features/studies/mturk-frame-page'
import { StudyEndPage } from '@/features/studies/study-end-page'
import { StudyPage } from '@/features/studies/study-page'
import { TasksPage } from '@/features/tasks/tasks-page'

const AdminPages = lazy(async () => ({ default: (await import('@/admin-routes')).AdminPages }))

/** All pages but the chat: the way in, and what lies around it. */
export function OtherPages() {
  return (
    <Routes>
      <Route path="/sign-in" element={<SignInPage />} />
      <Route path="/sign-up" element={<SignUpPage />} />
      <Route path="/invitation/:token" element={<InvitationPage />} />
      <Route path="/consent" element={<ConsentPage />} />
      <Route path="/erased" element={<ErasedPage />} />
      <Route path="/study" element={<StudyPage />} />
      <Route path="/mturk" element={<MTurkFramePage />} />
      <Route element={<RequireSession />}>
        <Route path="/study/end" element={<StudyEndPage />} />
        <Route element={<RequireConsent />}>
          <Route element={<SignedInLayout />}>
            <Route path="/" element={<TasksPage />} />
            <Route path="/tasks/:slug" element={<TasksPage />} />
            <Route path="/tasks/:slug/guide" element={<GuidePage />} />
            <Route path="/tasks/:slug/qualification" element={<QualificationPage />} />
            <Route path="/account" element={<AccountPage />} />
            <Route path="/messages" element={<MessagesPage />} />
            <Route path="/admin/*" element={<AdminPages />} />
          </Route>
        </Route>
      </Route>
      <Route path="*" element={<NotFoundPage />} />
    </Routes>
  )
}
