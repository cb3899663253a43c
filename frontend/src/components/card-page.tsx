import { Center, Group, Paper, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Brand } from '@/components/brand'
import { Preferences } from '@/components/preferences'

interface CardPageProps {
  title: string
  lead?: string | undefined
  /** Room for a text to read, not only for a few fields. */
  wide?: boolean
  children: ReactNode
}

/** One card in the middle of an otherwise empty page: signing in, agreeing, the way in and out of a study. */
export function CardPage({ title, lead, wide = false, children }: CardPageProps) {
  return (
    <Center component="main" mih="100dvh" p="md">
      <Stack w="100%" maw={wide ? 720 : 440} gap="lg">
        <Group justify="space-between">
          <Brand />
          <Preferences />
        </Group>
        <Paper withBorder p={{ base: 'lg', sm: 'xl' }} radius="lg">
          <Stack>
            <div>
              <title>{`${title} · Turnwise`}</title>
              <Title order={1} size="h3">
                {title}
              </Title>
              {lead && (
                <Text c="dimmed" size="sm" mt={4}>
                  {lead}
                </Text>
              )}
            </div>
            {children}
          </Stack>
        </Paper>
      </Stack>
    </Center>
  )
}
