import { Button, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Task } from '@/api/types'
import { useWords } from '@/i18n/language'
import classes from './subjects.module.css'

const PATIENCE_MS = 15_000
const AT_ONCE = 3

/** For somebody in front of an empty box: what others have talked about. To read, not to click: the words of a message
 * are always the writer's own. */
export function Subjects({ kind, stuck }: { kind: Task['kind']; stuck: boolean }) {
  const words = useWords().chat
  const subjects = words.subjects[kind]
  const [shown, setShown] = useState(false)
  const [from, setFrom] = useState(() => Math.floor(Math.random() * subjects.length))
  useEffect(() => {
    if (!stuck) return
    const timer = setTimeout(() => setShown(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [stuck])
  if (!stuck || !shown) return null
  return (
    <div className={classes.subjects}>
      <Text size="sm">{words.stuck}</Text>
      <ul>
        {Array.from({ length: AT_ONCE }, (_, index) => subjects[(from + index) % subjects.length]).map(
          (subject) => (
            <li key={subject}>{subject}</li>
          ),
        )}
      </ul>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        c="dimmed"
        onClick={() => setFrom(from + AT_ONCE)}
      >
        {words.stuckOthers}
      </Button>
    </div>
  )
}
