import './accounts.css'
import { Center, Group, Paper, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Brand } from '@/components/brand'
import { Preferences } from '@/components/preferences'

interface AccountCardProps {
  title: string
  lead?: string
  children: ReactNode
}

/** The one card in the middle of the page that signing in, signing up and invitations share. */
export function AccountCard({ title, lead, children }: AccountCardProps) {
  return (
    <Center component="main" mih="100dvh" p="md">
      <Stack w="100%" maw={440} gap="lg">
        <Group justify="space-between">
          <Brand />
          <Preferences />
        </Group>
        <Paper withBorder p="xl" radius="lg">
          <Stack>
            <div>
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
