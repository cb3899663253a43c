import { translationOf } from '@/i18n/catalogue'
import type { messages as english } from '@/i18n/en/messages'

export const messages = translationOf<typeof english>()({
  title: '메시지',
  lead: '질문, 문제, 제안을 적어 주세요. 연구진이 읽고 여기에 답합니다.',
  none: '아직 메시지가 없습니다. 아래에 첫 메시지를 써 보세요.',
  you: '나',
  researchers: '연구진',
  aboutTurn: '대화 속 메시지에 관하여',
  message: '연구진에게 보낼 메시지',
  placeholder: '무엇을 묻거나 알리고 싶으신가요?',
  send: '보내기',
  keys: 'Ctrl + Enter',
  sends: '보내기',
  isNew: '새 메시지',
})
