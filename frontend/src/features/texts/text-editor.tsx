import { Alert, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useNavigate } from 'react-router'
import { useStartAssignment } from '@/api/assignments'
import { usePublishTaskText } from '@/api/task-editing'
import type { TaskText } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'
import { useTextDraft, withoutVersion } from './draft'
import { MarkdownField } from './markdown-field'
import { PairsEditor } from './pairs-editor'
import classes from './text-editor.module.css'
import { Versions } from './versions'
import { words } from './words'

/** Changes what crowdworkers read: written here, looked at here, published as the next version. */
export function TextEditor({ slug, versions }: { slug: string; versions: [TaskText, ...TaskText[]] }) {
  const [newest] = versions
  const { text, changed, overtaken, change, discard } = useTextDraft(slug, newest)
  const publish = usePublishTaskText(slug)
  const next = newest.version + 1

  return (
    <Stack gap="xl">
      <Stack>
        <Group justify="space-between" align="flex-start">
          <Text c="dimmed" role="status">
            {publish.isSuccess && !changed
              ? words.published(publish.data.version)
              : words.publishedNow(newest.version)}
          </Text>
          <LookAround slug={slug} />
        </Group>
        {changed && (
          <Alert color={overtaken ? 'orange' : 'blue'} variant="light">
            <Group justify="space-between">
              <Text size="sm">{overtaken ? words.overtaken(newest.version) : words.unpublished}</Text>
              <ConfirmButton
                size="xs"
                variant="subtle"
                color="red"
                label={words.discard}
                question={words.unpublished}
                onConfirm={discard}
              />
            </Group>
          </Alert>
        )}
        <TextInput
          label={words.name}
          description={words.nameHelp}
          value={text.title}
          onChange={(event) => change({ title: event.currentTarget.value })}
          maxLength={300}
          required
        />
        <TextInput
          label={words.question}
          description={words.questionHelp}
          value={text.question}
          onChange={(event) => change({ question: event.currentTarget.value })}
          maxLength={300}
          required
        />
        <MarkdownField
          label={words.instructions}
          description={words.instructionsHelp}
          value={text.instructions}
          onChange={(instructions) => change({ instructions })}
          required
        />
        <MarkdownField
          label={words.guide}
          description={words.guideHelp}
          value={text.guide ?? ''}
          onChange={(guide) => change({ guide })}
        />
        <PairsEditor
          pairs={text.qualification ?? []}
          onChange={(qualification) => change({ qualification })}
        />
        <Group className={classes.publish}>
          <ProblemAlert error={publish.error} />
          <ConfirmButton
            label={words.publish(next)}
            question={words.publishQuestion}
            disabled={!changed}
            loading={publish.isPending}
            onConfirm={() => publish.mutate({ ...text, based_on: newest.version }, { onSuccess: discard })}
          />
        </Group>
      </Stack>
      <Paper withBorder p="lg" component="section" aria-label={words.versions}>
        <Title order={2} size="h4" mb="sm">
          {words.versions}
        </Title>
        <Versions versions={versions} onGoOnFrom={(version) => change(withoutVersion(version))} />
      </Paper>
    </Stack>
  )
}

/** The chat as a crowdworker has it, with the published texts. */
function LookAround({ slug }: { slug: string }) {
  const start = useStartAssignment()
  const navigate = useNavigate()
  return (
    <Stack gap={4} align="flex-end">
      <ProblemAlert error={start.error} />
      <Button
        variant="default"
        loading={start.isPending}
        onClick={() => start.mutate(slug, { onSuccess: (row) => navigate(`/assignments/${row.id}`) })}
      >
        {words.lookAround}
      </Button>
      <Text size="xs" c="dimmed">
        {words.lookAroundHelp}
      </Text>
    </Stack>
  )
}
