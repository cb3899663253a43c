import { useAssignment } from '@/api/assignments'
import { money } from '@/components/money'
import { useLanguage } from '@/i18n/language'

/** What somebody who leaves now keeps: asked of the server at that moment, since choices add to it. */
export function KeptPay({ assignmentId }: { assignmentId: string }) {
  const { words: all, language } = useLanguage()
  const words = all.care
  const { data, isFetching } = useAssignment(assignmentId, { staleTime: 0 })
  const earned = isFetching ? null : data?.earned
  return earned && earned.cents > 0 ? words.keptPay({ pay: money(earned, language) }) : words.kept
}
