import { Anchor, Group, Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'react-router'

interface PartProps {
  title: string
  /** The page that has more of it. */
  more?: { to: string; label: string }
  children: ReactNode
}

/** A part of the overview. */
export function Part({ title, more, children }: PartProps) {
  return (
    <Stack gap="sm" component="section" aria-label={title}>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {title}
        </Title>
        {more && (
          <Anchor component={Link} to={more.to} size="sm">
            {more.label}
          </Anchor>
        )}
      </Group>
      {children}
    </Stack>
  )
}
