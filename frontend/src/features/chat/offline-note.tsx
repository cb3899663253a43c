import { useNetwork } from '@mantine/hooks'
import { Notice } from '@/components/notice'
import { useWords } from '@/i18n/language'

export function OfflineNote() {
  const words = useWords().chat
  const { online } = useNetwork()
  if (online) return null
  return (
    <Notice tone="warning" role="status">
      {words.offline}
    </Notice>
  )
}
