import { Button, Group, Stack, Title } from '@mantine/core'
import type { FormEvent } from 'react'
import { usePlan } from '@/api/conversations'
import { ProblemAlert } from '@/components/problem-alert'
import { TextArea } from '@/components/text-area'
import { useWords } from '@/i18n/language'
import page from './chat-page.module.css'
import { Dock } from './dock'
import { useDraft } from './draft'

/** Red-teaming begins with a plan: one topic, in the crowdworker's own words. */
export function PlanForm({ conversationId }: { conversationId: string }) {
  const words = useWords().care
  const [text, setText] = useDraft(`plan:${conversationId}`)
  const plan = usePlan(conversationId)

  function submit(event: FormEvent) {
    event.preventDefault()
    plan.mutate(text, { onSuccess: () => setText('') })
  }

  return (
    <Dock>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Title order={2} size="h5">
            {words.planTitle}
          </Title>
          <ProblemAlert error={plan.error} />
          <TextArea
            label={words.plan}
            labelHidden
            description={words.planHelp}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            required
            rows={3}
          />
          <Group justify="flex-end">
            <Button
              type="submit"
              className={page.toned}
              loading={plan.isPending}
              disabled={text.trim() === ''}
            >
              {words.planSave}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dock>
  )
}
