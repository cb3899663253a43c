import './texts.css'
import { Paper, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { Navigate, NavLink, useParams } from 'react-router'
import { useTasks } from '@/api/assignments'
import { useTaskSettings, useTaskTexts } from '@/api/task-editing'
import type { TaskText } from '@/api/types'
import { ChangeHistory } from '@/components/change-history'
import classes from '@/components/link-tabs.module.css'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { SettingsForm } from './settings-form'
import { TextEditor } from './text-editor'
import { words } from './words'

/** For researchers: a task's texts and settings. */
export function TextsPage() {
  const { slug } = useParams()
  return (
    <Stack gap="lg">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={useTasks()}>
        {(tasks) => {
          const [first] = tasks
          if (!first) return <Text c="dimmed">{words.noTasks}</Text>
          if (!slug) return <Navigate to={`/admin/texts/${first.slug}`} replace />
          return (
            <>
              <nav className={classes.tabs} aria-label={words.tasks}>
                {tasks.map((task) => (
                  <NavLink key={task.slug} to={`/admin/texts/${task.slug}`}>
                    {task.title}
                  </NavLink>
                ))}
              </nav>
              <TaskTexts key={slug} slug={slug} />
            </>
          )
        }}
      </QueryView>
    </Stack>
  )
}

function TaskTexts({ slug }: { slug: string }) {
  const settings = useTaskSettings(slug)
  const [round, setRound] = useState(0)
  const reload = () => void settings.refetch().then(() => setRound(round + 1))
  return (
    <QueryView query={useTaskTexts(slug)}>
      {(versions) =>
        hasSome(versions) && (
          <Stack gap="xl">
            <Paper withBorder p="lg" component="section" aria-label={words.settings}>
              <Title order={2} size="h4" mb={4}>
                {words.settings}
              </Title>
              <QueryView query={settings}>
                {(data) => (
                  <SettingsForm
                    key={round}
                    slug={slug}
                    settings={data}
                    pairs={versions[0].qualification?.length ?? 0}
                    onReload={reload}
                  />
                )}
              </QueryView>
              <ChangeHistory subject={`task:${slug}`} action="change-task" />
            </Paper>
            <TextEditor slug={slug} versions={versions} />
          </Stack>
        )
      }
    </QueryView>
  )
}

/** Every task begins with version 1. */
function hasSome(versions: TaskText[]): versions is [TaskText, ...TaskText[]] {
  return versions.length > 0
}
