import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useConsentText } from '@/api/consent'
import { usePublishConsent } from '@/api/task-editing'
import { ChangeHistory } from '@/components/change-history'
import { ConfirmButton } from '@/components/confirm-button'
import { Notice } from '@/components/notice'
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
        {(text) => <ConsentEditor version={text.version} published={text.body} />}
      </QueryView>
      <ChangeHistory subject="consent" />
    </Stack>
  )
}

/** What somebody has written, and from which version. It stays while others publish theirs. */
interface Typed {
  body: string
  base: number
}

function ConsentEditor({ version, published }: { version: number; published: string }) {
  const publish = usePublishConsent()
  const [typed, setTyped] = useState<Typed | null>(null)
  const body = typed?.body ?? published
  const overtaken = typed !== null && typed.base < version
  return (
    <Stack>
      <Text c="dimmed" role="status">
        {words.publishedNow(version)}
      </Text>
      {overtaken && (
        <Notice tone="warning" role="status">
          <Group justify="space-between">
            <Text size="sm">{words.consentOvertaken(version)}</Text>
            <Button size="xs" variant="default" onClick={() => setTyped(null)}>
              {words.reload}
            </Button>
          </Group>
        </Notice>
      )}
      <MarkdownField
        label={words.consentText}
        value={body}
        onChange={(text) => setTyped({ body: text, base: typed?.base ?? version })}
        required
      />
      <ProblemAlert error={publish.error} />
      <Group>
        <ConfirmButton
          label={words.publishConsent}
          question={words.consentQuestion}
          disabled={body === published || body.trim() === ''}
          loading={publish.isPending}
          onConfirm={() => publish.mutate({ body, based_on: version }, { onSuccess: () => setTyped(null) })}
        />
      </Group>
    </Stack>
  )
}
