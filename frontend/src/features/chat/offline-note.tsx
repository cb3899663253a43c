import { Alert } from '@mantine/core'
import { useNetwork } from '@mantine/hooks'
import { useWords } from '@/i18n/language'

export function OfflineNote() {
  const words = useWords().chat
  const { online } = useNetwork()
  if (online) return null
  return (
    <Alert color="yellow" mt="sm" role="status">
      {words.offline}
    </Alert>
  )
}
