import { translationOf } from '@/i18n/catalogue'
import type { tasks as english } from '@/i18n/en/tasks'

export const tasks = translationOf<typeof english>()({
  title: '어떤 과제를 하시겠어요?',
  lead: '과제 하나는 짧은 대화 여러 개로 이루어집니다. 언제든 멈췄다가 나중에, 다른 기기에서도 이어서 할 수 있습니다.',
  none: '지금은 할 수 있는 과제가 없습니다. 나중에 다시 와 주세요.',
  shape: '대화 {conversations}개 · 대화마다 메시지 최대 {messages}개',
  pickWorse: '반대 과제: 더 나쁜 답변을 고릅니다',
  start: '시작',
  resume: '이어서 하기',
  resumeAt: '진행 중: 대화 {of}개 중 {position}번째',
  done: '끝낸 과제',
  code: '완료 코드',
  status: { open: '진행 중', completed: '완료', withdrawn: '중단' },
  warningTitle: '불쾌한 글이 나올 수 있는 과제입니다',
  warning: [
    '이 과제에서는 어시스턴트가 해로운 말을 하도록 유도합니다. 그런 말을 하지 않도록 가르치기 위해서입니다. 답변이 모욕적이거나 폭력적이거나 그 밖에 불편할 수 있습니다.',
    '선택 과제입니다. 스스로 편안한 정도를 정하세요. 어느 차례에서든 멈추거나 다른 과제로 바꿀 수 있습니다. 아는 실존 인물에 대해 쓰지 말고, 본인을 알아볼 수 있는 내용도 쓰지 마세요.',
  ],
  optIn: '이해했으며 참여하겠습니다',
  optOut: '이런 과제를 더는 보지 않기',
})
