import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { useTasks } from '@/api/assignments'
import { Problem } from '@/api/problem'
import { useQualification, useQualify } from '@/api/qualification'
import type { OfferedTask, Qualification, QualificationResult } from '@/api/types'
import { NotFound } from '@/components/page-error'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'
import { Pairs } from './pairs'
import { Result } from './result'

/** The worked pairs that qualify for a task: answered one after another, then explained. */
export function QualificationPage() {
  const { slug = '' } = useParams()
  const words = useWords().qualification
  const tasks = useTasks()
  const qualification = useQualification(slug)
  return (
    <Stack maw={1040} mx="auto" gap="lg">
      <Anchor component={Link} to="/" size="sm">
        ← {words.toTasks}
      </Anchor>
      <QueryView query={tasks}>
        {(rows) => {
          const task = rows.find((row) => row.slug === slug)
          if (!task) return <NotFound />
          return (
            <QueryView query={qualification}>
              {(data) => <Attempts task={task} qualification={data} />}
            </QueryView>
          )
        }}
      </QueryView>
    </Stack>
  )
}

function Attempts({ task, qualification }: { task: OfferedTask; qualification: Qualification }) {
  const words = useWords().qualification
  const qualify = useQualify(task.slug)
  // With the pairs that it is about: they may change on the server while it is read.
  const [tried, setTried] = useState<{ of: Qualification; result: QualificationResult } | null>(null)

  if (tried) {
    return (
      <Result
        task={task}
        qualification={tried.of}
        result={tried.result}
        onAgain={() => {
          setTried(null)
          qualify.reset()
        }}
      />
    )
  }
  if (qualification.items.length === 0) return <Closed text={words.none} />
  if (task.qualification === 'passed') return <Closed text={words.passedBefore} />
  if (qualification.tries_left === 0) return <Closed text={words.noTriesBefore} />

  const changed = qualify.error instanceof Problem && qualify.error.type === 'text-changed'
  return (
    <Stack gap="lg">
      {changed ? <Alert color="yellow">{words.changed}</Alert> : <ProblemAlert error={qualify.error} />}
      <Pairs
        key={qualification.text_version}
        task={task}
        qualification={qualification}
        sending={qualify.isPending}
        onDone={(picked, clear) =>
          qualify.mutate(
            { text_version: qualification.text_version, picked },
            {
              onSuccess: (result) => {
                clear()
                setTried({ of: qualification, result })
              },
            },
          )
        }
      />
    </Stack>
  )
}

function Closed({ text }: { text: string }) {
  const words = useWords().qualification
  return (
    <Stack align="flex-start">
      <Text>{text}</Text>
      <Group>
        <Button component={Link} to="/">
          {words.toTasks}
        </Button>
      </Group>
    </Stack>
  )
}
