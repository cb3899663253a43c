import { Anchor, Badge, Paper, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { Notice } from '@/api/types'
import classes from './notices.module.css'
import { Part } from './part'
import { words } from './words'

interface NoticesProps {
  title: string
  none: string
  /** What one does at the page that a notice leads to. */
  go: string
  notices: Notice[]
}

/** Sentences, each with the page where somebody sees to it. */
export function Notices({ title, none, go, notices }: NoticesProps) {
  return (
    <Part title={title}>
      {notices.length === 0 ? (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      ) : (
        <Paper withBorder component="ul" className={classes.list}>
          {notices.map(({ kind, sentence, link, halts }) => (
            <li key={kind + sentence} data-halts={halts}>
              <Text size="sm" component="span">
                {halts && (
                  <Badge color="red" size="sm" me={8}>
                    {words.halts}
                  </Badge>
                )}
                {sentence}
              </Text>
              {link && (
                <Anchor component={Link} to={link} size="sm" aria-label={`${go}: ${sentence}`}>
                  {go}
                </Anchor>
              )}
            </li>
          ))}
        </Paper>
      )}
    </Part>
  )
}
