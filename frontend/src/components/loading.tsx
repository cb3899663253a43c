import { Center, Loader } from '@mantine/core'
import { words } from '@/components/words'

export function Loading() {
  return (
    <Center mih="30vh">
      <Loader type="dots" role="status" aria-label={words.loading} />
    </Center>
  )
}
