import { Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { CardPage } from '@/components/card-page'
import { useWords } from '@/i18n/language'

/** The last words to somebody whose data is gone. Their session is too, and the page remembers nothing of it. */
export function ErasedPage() {
  const words = useWords().account
  const client = useQueryClient()
  useEffect(() => client.clear(), [client])
  return (
    <CardPage title={words.erased}>
      <Text>{words.erasedText}</Text>
    </CardPage>
  )
}
