import { translationOf } from '@/i18n/catalogue'
import type { guide as english } from '@/i18n/en/guide'

export const guide = translationOf<typeof english>()({
  back: '모든 과제',
  guide: '안내서',
  none: '이 과제에는 안내서가 없습니다. 과제 설명은 첫 대화와 함께 열립니다.',
  toTasks: '과제 목록으로',
})
