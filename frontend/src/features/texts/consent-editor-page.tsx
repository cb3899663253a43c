import { Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useConsentText, usePublishConsent } from '@/api/consent'
import { ConfirmButton } from '@/components/confirm-button'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { MarkdownField } from './markdown-field'
import { words } from './words'

/** For researchers: what people agree to. */
export function ConsentEditorPage() {
  return (
    <Stack gap="lg">
      <PageHead title={words.consent} lead={words.consentLead} />
      <QueryView query={useConsentText()}>
        {(text) => <ConsentEditor key={text.version} version={text.version} published={text.body} />}
      </QueryView>
    </Stack>
  )
}

function ConsentEditor({ version, published }: { version: number; published: string }) {
  const publish = usePublishConsent()
  const [body, setBody] = useState(published)
  return (
    <Stack>
      <Text c="dimmed" role="status">
        {words.publishedNow(version)}
      </Text>
      <MarkdownField label={words.consentText} value={body} onChange={setBody} required />
      <ProblemAlert error={publish.error} />
      <Group>
        <ConfirmButton
          label={words.publishConsent}
          question={words.consentQuestion}
          disabled={body === published || body.trim() === ''}
          loading={publish.isPending}
          onConfirm={() => publish.mutate(body)}
        />
      </Group>
    </Stack>
  )
}
