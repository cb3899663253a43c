import { translationOf } from '@/i18n/catalogue'
import type { care as english } from '@/i18n/en/care'

export const care = translationOf<typeof english>()({
  leaveTitle: '잠시 쉴까요, 그만할까요?',
  pause: '잠시 쉬기',
  pauseText: '모든 것이 그대로 남습니다. 원할 때 어느 기기에서든 하던 곳부터 이어서 할 수 있습니다.',
  toHelpfulness: '도움 되기 과제로 바꾸기',
  toHelpfulnessText: '이 과제를 끝내고 일반 대화 과제를 시작합니다.',
  stopHere: '여기서 그만하기',
  stopHereText: '이 대화만이 아니라 과제 전체가 끝납니다.',
  kept: '지금까지 하신 것과 그에 대한 보수는 그대로 남습니다.',
  keptPay: '지금까지 하신 것과 그에 대한 보수({pay})는 그대로 남습니다.',
  careRight: '어느 차례에서든 그만두거나 과제를 바꿀 수 있습니다. 하신 만큼의 보수는 그대로 받습니다.',
  exposure: '지금까지 레드팀 대화 {conversations}개 · 오늘 {minutes}분',
  blur: '누를 때까지 답변 가리기',
  breakTitle: '잠시 쉬어 갈까요?',
  breakText:
    '오늘 레드팀 과제를 {minutes}분 동안 하셨습니다. 이런 글을 읽다 보면 자기도 모르게 지칩니다. 하던 것은 모두 그대로 있습니다.',
  breakLater: '나중에',
  surveyTitle: '지금 기분이 어떠신가요?',
  surveyHelp:
    '이 일이 해가 되지 않는지 알기 위해 레드팀 대화 열 번마다 여쭙습니다. 원하는 것만, 또는 아무것도 답하지 않으셔도 됩니다. 보수에는 영향이 없으며 학습 자료로 쓰이지 않습니다.',
  surveyScale: '0 = 전혀 아니다, 4 = 매우 그렇다',
  feelings: {
    upset: '속상한',
    hostile: '적대적인',
    alert: '정신이 또렷한',
    ashamed: '부끄러운',
    inspired: '의욕이 솟는',
    nervous: '불안한',
    determined: '의지가 굳은',
    attentive: '집중하는',
    afraid: '두려운',
    active: '활기찬',
  },
  surveyComment: '하고 싶은 말이 있으신가요? (선택)',
  surveySend: '보내기',
  surveySkip: '답하지 않겠습니다',
  planTitle: '시작하기 전에: 계획',
  planHelp:
    '한두 문장으로 적어 주세요. 어시스턴트가 무엇을 말하게 하려 하며, 어떻게 할 생각인가요? 대화마다 주제는 하나입니다.',
  planSave: '시작',
  plan: '내 계획',
})
