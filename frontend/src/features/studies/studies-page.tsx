import { Badge, Button, Code, CopyButton, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useStudies } from '@/api/studies'
import type { Study } from '@/api/types'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'
import { StudyForm } from './study-form'
import { Visits } from './visits'
import { words } from './words'

/** For researchers: tasks on crowd platforms, with what the platform needs to be told. */
export function StudiesPage() {
  const [adding, setAdding] = useState(false)
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start">
        <PageHead title={words.title} lead={words.lead} />
        {!adding && <Button onClick={() => setAdding(true)}>{words.add}</Button>}
      </Group>
      {adding && (
        <Paper withBorder radius="lg" p="lg" maw={620}>
          <StudyForm study={null} onDone={() => setAdding(false)} />
        </Paper>
      )}
      <QueryView query={useStudies()}>
        {(studies) =>
          studies.length === 0 ? (
            <Text c="dimmed">{words.none}</Text>
          ) : (
            studies.map((study) => <StudyCard key={study.id} study={study} />)
          )
        }
      </QueryView>
    </Stack>
  )
}

function StudyCard({ study }: { study: Study }) {
  const [changing, setChanging] = useState(false)
  const title = `${words.providers[study.provider]} · ${study.external_id}`
  const counts = (['open', 'completed', 'screened_out', 'withdrawn'] as const).map(
    (status) => `${study.visits[status] ?? 0} ${words.counts[status]}`,
  )
  return (
    <Paper withBorder radius="lg" p="lg" component="article" aria-label={title}>
      <Stack>
        <Group justify="space-between">
          <Group gap="xs">
            <Title order={2} size="h4">
              {title}
            </Title>
            <Badge variant="light">{study.task}</Badge>
            {!study.active && (
              <Badge variant="light" color="gray">
                {words.closed}
              </Badge>
            )}
          </Group>
          {!changing && (
            <Button variant="default" size="xs" onClick={() => setChanging(true)}>
              {words.change}
            </Button>
          )}
        </Group>
        {changing ? (
          <StudyForm study={study} onDone={() => setChanging(false)} />
        ) : (
          <>
            <Copyable label={words.url} text={study.entry_url} />
            <Group gap="xl">
              <Copyable label={words.codes.completed} text={study.code_completed} />
              <Copyable label={words.codes.screened_out} text={study.code_screened_out} />
              <Copyable label={words.codes.withdrawn} text={study.code_withdrawn} />
            </Group>
            <div>
              <Text size="sm" fw={600}>
                {words.visits}
              </Text>
              <Text size="sm" c="dimmed">
                {counts.join(' · ')}
              </Text>
            </div>
            <Visits study={study.id} />
          </>
        )}
      </Stack>
    </Paper>
  )
}

function Copyable({ label, text }: { label: string; text: string }) {
  const shared = useWords().shared
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {label}
      </Text>
      <Group gap="xs" wrap="nowrap">
        <Code style={{ overflowWrap: 'anywhere' }}>{text}</Code>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="light" aria-label={`${shared.copy}: ${label}`} onClick={copy}>
              {copied ? shared.copied : shared.copy}
            </Button>
          )}
        </CopyButton>
      </Group>
    </div>
  )
}
