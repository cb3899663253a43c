import { Center, Loader } from '@mantine/core'
import { useWords } from '@/i18n/language'

export function Loading() {
  const words = useWords().shared
  return (
    <Center mih="30vh">
      <Loader type="dots" role="status" aria-label={words.loading} />
    </Center>
  )
}
