import { translationOf } from '@/i18n/catalogue'
import type { accounts as english } from '@/i18n/en/accounts'

export const accounts = translationOf<typeof english>()({
  signIn: '로그인',
  signOut: '로그아웃',
  signUp: '계정 만들기',
  username: '사용자 이름',
  password: '비밀번호',
  passwordHint: '8자 이상',
  noAccount: '아직 계정이 없으신가요?',
  haveAccount: '이미 계정이 있으신가요?',
  expired: '로그아웃되었습니다. 다시 로그인하면 하던 곳으로 돌아갑니다. 쓰던 글은 그대로 있습니다.',
  welcome: '어시스턴트와 대화하고 두 답변 중 더 나은 것을 고르면, 어시스턴트가 거기서 배웁니다.',
  invitedAs: {
    crowdworker: '크라우드워커로 초대받으셨습니다.',
    researcher: '연구자로 초대받으셨습니다.',
    admin: '관리자로 초대받으셨습니다.',
  },
  invitationUsed: '이미 사용되었거나 만료된 초대입니다. 새 초대를 요청해 주세요.',
  alreadySignedIn:
    '{username} 계정으로 로그인되어 있습니다. 이 초대로 다른 계정을 만들려면 먼저 로그아웃하세요.',
  dashboard: '대시보드',
  tasks: '과제',
  messages: '메시지',
  unread: '읽지 않은 메시지 {count}개',
  account: '내 계정',
  mainNavigation: '주 메뉴',
  invitations: '초대',
  invitationsHelp: '역할이 정해진 계정 하나를 만드는 링크입니다. 한 번만 쓸 수 있고 기한이 있습니다.',
  role: '역할',
  roles: { crowdworker: '크라우드워커', researcher: '연구자', admin: '관리자' },
  note: '나만 보는 메모',
  invite: '링크 만들기',
  inviteLink: '이 링크를 보내세요. 지금만 보입니다:',
  expiresAt: '{when}까지 유효',
  adminsOnly: '관리자만 초대할 수 있습니다.',
})
