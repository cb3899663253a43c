import { Button, Group, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useWords } from '@/i18n/language'
import classes from './cover.module.css'

interface CoverProps {
  /** Why the text is covered; `null` when it is not. */
  why: 'reported' | 'asked' | null
  children: ReactNode
}

/** Text that one would rather not see without meaning to: it is not on the page, for no sense, until one asks for it. */
export function Cover({ why, children }: CoverProps) {
  const words = useWords().chat
  const [revealed, setRevealed] = useState(false)
  if (why === null) return children
  return revealed ? (
    <>
      {children}
      <Button mt="xs" size="compact-sm" variant="subtle" color="gray" onClick={() => setRevealed(false)}>
        {words.cover}
      </Button>
    </>
  ) : (
    <Group className={classes.cover} gap="sm" justify="center">
      <Text size="sm">{why === 'reported' ? words.coveredReported : words.covered}</Text>
      <Button size="compact-sm" variant="default" onClick={() => setRevealed(true)}>
        {words.reveal}
      </Button>
    </Group>
  )
}
