import { Button, Group, NativeSelect, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useTasks } from '@/api/assignments'
import { useSaveStudy } from '@/api/studies'
import type { Study, StudySettings } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

interface StudyFormProps {
  /** The one to change; null: a new one. */
  study: Study | null
  onDone: () => void
}

export function StudyForm({ study, onDone }: StudyFormProps) {
  const save = useSaveStudy(study?.id ?? null)
  const tasks = useTasks().data ?? []
  // Of what the fields were filled from: a list that is fetched again must not make it newer.
  const [version] = useState(study?.version)
  const [active, setActive] = useState(study?.active ?? true)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    const body: StudySettings = {
      provider: text('provider') as StudySettings['provider'],
      external_id: text('external_id'),
      task: text('task'),
      code_completed: text('code_completed'),
      code_screened_out: text('code_screened_out'),
      code_withdrawn: text('code_withdrawn'),
      active,
    }
    save.mutate({ ...body, ...(version !== undefined && { version }) }, { onSuccess: onDone })
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NativeSelect
            name="provider"
            label={words.provider}
            defaultValue={study?.provider}
            data={Object.entries(words.providers).map(([value, label]) => ({ value, label }))}
          />
          <NativeSelect
            key={tasks.length} // its choice is there once the tasks are
            name="task"
            label={words.task}
            defaultValue={study?.task}
            data={tasks.map((task) => ({ value: task.slug, label: task.title }))}
          />
        </SimpleGrid>
        <TextInput
          name="external_id"
          label={words.externalId}
          description={words.externalIdHelp}
          defaultValue={study?.external_id}
          required
        />
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <TextInput
            name="code_completed"
            label={words.codes.completed}
            description={words.codeHelp}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            defaultValue={study?.code_completed}
            required
          />
          <TextInput
            name="code_screened_out"
            label={words.codes.screened_out}
            defaultValue={study?.code_screened_out}
            required
          />
          <TextInput
            name="code_withdrawn"
            label={words.codes.withdrawn}
            defaultValue={study?.code_withdrawn}
            required
          />
        </SimpleGrid>
        <Switch
          label={words.active}
          checked={active}
          onChange={(event) => setActive(event.currentTarget.checked)}
        />
        <ProblemAlert error={save.error} />
        <Group>
          <Button type="submit" loading={save.isPending}>
            {words.save}
          </Button>
          <Button variant="default" onClick={onDone}>
            {words.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
