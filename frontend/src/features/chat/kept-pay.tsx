import { useAssignment } from '@/api/assignments'
import { useUnderWay } from '@/api/conversations'
import type { Assignment } from '@/api/types'
import { money } from '@/components/money'
import { useLanguage } from '@/i18n/language'

/** What somebody who leaves now keeps: asked of the server once it has the last choice, since choices add to it. */
export function KeptPay({ assignment }: { assignment: Assignment }) {
  const { words: all, language } = useLanguage()
  const words = all.care
  const underWay = useUnderWay(assignment.conversation_id ?? '')
  const { data, isFetching } = useAssignment(assignment.id, { staleTime: 0, enabled: !underWay })
  const earned = underWay || isFetching ? null : data?.earned
  return earned && earned.cents > 0 ? words.keptPay({ pay: money(earned, language) }) : words.kept
}
