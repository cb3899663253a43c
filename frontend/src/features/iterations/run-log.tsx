import { Anchor, Code, Group, Text } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useRunLog } from '@/api/iterations'
import type { Run } from '@/api/types'
import { QueryView } from '@/components/query-view'
import classes from './run-view.module.css'
import { words } from './words'

const NEAR = 40 // pixels from the end, within which a reader is following

/** What a run prints, its end; all of it can be downloaded. */
export function RunLog({ run, live }: { run: Run; live: boolean }) {
  return (
    <QueryView query={useRunLog(run.id, live)}>
      {(text) => (
        <div>
          <Group justify="space-between" mb={4}>
            <Text size="sm" fw={600}>
              {words.log}
            </Text>
            {text && (
              <Anchor size="sm" href={`/api/v1/runs/${run.id}/log/file`} download>
                {words.downloadLog}
              </Anchor>
            )}
          </Group>
          {text ? (
            <Tail label={words.logOf(run.name)} text={text} />
          ) : (
            <Text c="dimmed" size="sm">
              {words.noLog(live)}
            </Text>
          )}
        </div>
      )}
    </QueryView>
  )
}

/** Follows the log, unless somebody has scrolled up to read. */
function Tail({ label, text }: { label: string; text: string }) {
  const box = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the log, so it runs when the text grows
  useEffect(() => {
    if (box.current && following.current) box.current.scrollTop = box.current.scrollHeight
  }, [text])
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section is no region that the keyboard scrolls
    <div
      ref={box}
      className={classes.log}
      role="region"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        following.current = scrollHeight - scrollTop - clientHeight < NEAR
      }}
    >
      <Code block>{text}</Code>
    </div>
  )
}
