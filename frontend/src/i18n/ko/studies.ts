import { translationOf } from '@/i18n/catalogue'
import type { studies as english } from '@/i18n/en/studies'

export const studies = translationOf<typeof english>()({
  entering: '연구를 여는 중…',
  cannotOpen: '이 연구를 열 수 없습니다',
  openAgain: '플랫폼 페이지에서 연구를 다시 열어 주세요. 계속 안 되면 그곳에서 연구진에게 알려 주세요.',
  signedInAlready: '로그아웃하고 연구 열기',
  platforms: { prolific: 'Prolific', mturk: 'Amazon Mechanical Turk' },
  ends: {
    completed: '모두 마쳤습니다. 고맙습니다',
    'screened-out': '참여해 주셔서 고맙습니다',
    withdrawn: '연구에서 나왔습니다',
  },
  endTexts: {
    completed: '연구를 마쳤습니다. 아래 코드를 {platform}에 제출해 주세요.',
    'screened-out': '이 연구의 자격을 얻지 못해 여기서 끝납니다. 아래 코드를 {platform}에 제출해 주세요.',
    withdrawn:
      '지금까지 한 내용은 남아 있습니다. 그만두었음을 알리도록 아래 코드를 {platform}에 제출해 주세요.',
  },
  code: '내 코드',
  back: '{platform}(으)로 돌아가기',
  pasteInFrame: '코드를 복사한 뒤 HIT 탭으로 돌아가 붙여 넣고 제출하세요.',
  open: '연구가 아직 진행 중입니다.',
  goOn: '이어서 하기',
  noVisit: '크라우드 플랫폼을 통해 오지 않으셔서 코드가 없습니다.',
  frame: {
    preview: '미리보기입니다. 먼저 Mechanical Turk에서 HIT를 수락한 뒤 여기서 시작하세요.',
    howTitle: '진행 방법',
    how: [
      '아래 버튼으로 연구를 엽니다. 새 탭에서 열리니 이 탭은 닫지 마세요.',
      '그곳에서 과제를 합니다. 끝나면 코드를 받습니다.',
      '코드를 여기에 붙여 넣고 HIT를 제출합니다.',
    ],
    open: '새 탭에서 연구 열기',
    newTab: '(새 탭에서 열림)',
    code: '연구가 끝날 때 받은 코드',
    submit: 'HIT 제출',
  },
})
