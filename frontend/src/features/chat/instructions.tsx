import { Anchor, Button, Group, Stack } from '@mantine/core'
import { useState } from 'react'
import type { Task } from '@/api/types'
import { Dialog } from '@/components/dialog'
import { IconButton } from '@/components/icon-button'
import { HelpIcon } from '@/components/icons'
import { Markdown } from '@/components/markdown'
import { usePageKeys } from '@/components/page-keys'
import { TaskQuestion } from '@/components/task-question'
import { useWords } from '@/i18n/language'
import { useDraft } from './draft'

/** The task's text: opens by itself until this very version has been seen in this browser, and is always one key away. */
export function Instructions({ task }: { task: Task }) {
  const words = useWords().chat
  const [seen, setSeen] = useDraft(`instructions:${task.slug}`)
  const [asked, setAsked] = useState(false)
  const version = String(task.text_version)
  const open = asked || seen !== version
  usePageKeys(!open, ({ key }) => {
    if (key !== '?') return false
    setAsked(true)
    return true
  })
  const close = () => {
    setSeen(version)
    setAsked(false)
  }
  return (
    <>
      <IconButton label={words.instructionsKey} icon={<HelpIcon />} onClick={() => setAsked(true)} />
      {open && (
        <Dialog title={task.title} onClose={close} wide>
          <Stack>
            <TaskQuestion task={task} />
            <Markdown text={task.instructions} />
          </Stack>
          <Group justify="space-between" mt="lg">
            {task.guide ? (
              <Anchor href={`/tasks/${task.slug}/guide`} target="_blank" size="sm">
                {words.guide}
              </Anchor>
            ) : (
              <span />
            )}
            <Button onClick={close}>{words.understood}</Button>
          </Group>
        </Dialog>
      )}
    </>
  )
}
