import { translationOf } from '@/i18n/catalogue'
import type { shared as english } from '@/i18n/en/shared'

export const shared = translationOf<typeof english>()({
  tryAgain: '다시 시도',
  loading: '불러오는 중…',
  cancel: '취소',
  close: '닫기',
  copy: '복사',
  copied: '복사했습니다',
  brand: 'Turnwise',
  notFound: '이 주소에는 페이지가 없습니다.',
  home: '시작 페이지로',
  crashed: '페이지가 멈췄습니다. 이미 보낸 내용은 모두 남아 있습니다.',
  reload: '페이지 다시 불러오기',
  image: '이미지: {alt}',
  unreachable: '서버에 연결할 수 없습니다. 쓰신 내용은 사라지지 않습니다.',
  preferences: '언어와 화면 모드',
  language: '언어',
  appearance: '화면 모드',
  schemes: { auto: '시스템 설정', light: '밝게', dark: '어둡게' },
  choose: {
    'pick-better': '더 나은 답변을 고르세요',
    'pick-worse': '반대 과제: 더 나쁜 답변을 고르세요',
  },
  kinds: { helpfulness: '도움 되기', 'red-team': '레드팀' },
})
