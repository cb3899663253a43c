import { Text } from '@mantine/core'
import { useConsentText } from '@/api/consent'
import { CardPage } from '@/components/card-page'
import { Markdown } from '@/components/markdown'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'

/** The text alone, for anybody, to read at length or to print. */
export function ConsentPage() {
  const words = useWords().consent
  return (
    <CardPage title={words.text} wide>
      <QueryView query={useConsentText()}>
        {(text) => (
          <>
            <Markdown text={text.body} page />
            <Text size="xs" c="dimmed">
              {words.version({ version: text.version })}
            </Text>
          </>
        )}
      </QueryView>
    </CardPage>
  )
}
