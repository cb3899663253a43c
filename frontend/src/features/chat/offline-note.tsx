import { Alert } from '@mantine/core'
import { useNetwork } from '@mantine/hooks'
import { words } from './words'

export function OfflineNote() {
  const { online } = useNetwork()
  if (online) return null
  return (
    <Alert color="yellow" mt="sm" role="status">
      {words.offline}
    </Alert>
  )
}
