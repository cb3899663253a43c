import { Text } from '@mantine/core'
import type { Assignment, Conversation } from '@/api/types'
import { Brand } from '@/components/brand'
import { Preferences } from '@/components/preferences'
import { useWords } from '@/i18n/language'
import classes from './chat-header.module.css'
import { Instructions } from './instructions'
import { Leave } from './leave'
import { OfflineNote } from './offline-note'
import { Write } from './write'

interface ChatHeaderProps {
  assignment: Assignment
  conversation: Conversation | undefined
}

/** Where one is ("Conversation 2 of 5"), the instructions, the line to the researchers, and the way out. */
export function ChatHeader({ assignment, conversation }: ChatHeaderProps) {
  const words = useWords().chat
  const { task, position, of } = assignment
  return (
    <header className={classes.bar}>
      <title>{`${words.position({ position, of })} · Turnwise`}</title>
      <div className={classes.inner}>
        <Brand />
        <div className={classes.where}>
          <Text component="h1" size="sm" fw={650} tabIndex={-1}>
            {words.position({ position, of })}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            <span className={classes.title}>{task.title} · </span>
            {words.messages({ done: conversation?.turns.length ?? 0, of: task.max_turns })}
          </Text>
        </div>
        {conversation?.preview && (
          <Text size="xs" c="dimmed" className={classes.preview}>
            {words.preview}
          </Text>
        )}
        <div className={classes.actions}>
          <Instructions task={task} />
          <Write turnId={conversation?.turns.at(-1)?.id ?? null} />
          <Preferences />
          <Leave assignment={assignment} />
        </div>
      </div>
      <div className={classes.progress} aria-hidden>
        {Array.from({ length: of }, (_, index) => index + 1).map((place) => (
          <span key={place} data-place={place < position ? 'done' : place === position ? 'now' : undefined} />
        ))}
      </div>
      <OfflineNote />
    </header>
  )
}
