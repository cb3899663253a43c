import { translationOf } from '@/i18n/catalogue'
import type { consent as english } from '@/i18n/en/consent'

export const consent = translationOf<typeof english>()({
  title: '계속하기 전에 읽어 주세요',
  lead: '참여는 본인이 정합니다. 동의하기 전에는 아무것도 기록되지 않습니다.',
  text: '동의 내용',
  version: '{version}판',
  agree: '읽었으며 동의합니다',
  mustAgree: '계속하려면 동의해 주세요.',
  goOn: '동의하고 계속하기',
  signOut: '동의하지 않음: 로그아웃',
  leaveStudy: '동의하지 않음: 연구에서 나가기',
  ownPage: '동의 내용을 별도 페이지에서 보기',
  changedMeanwhile: '방금 내용이 바뀌었습니다. 새로운 내용을 다시 읽어 주세요.',
})
