import { Text, Title } from '@mantine/core'

interface PageHeadProps {
  title: string
  lead?: string | undefined
}

/** What a page is, above it and in the browser's tab. */
export function PageHead({ title, lead }: PageHeadProps) {
  return (
    <div>
      <title>{`${title} · Turnwise`}</title>
      <Title order={1} size="h2">
        {title}
      </Title>
      {lead && (
        <Text c="dimmed" mt={4} maw="46rem" style={{ overflowWrap: 'anywhere' }}>
          {lead}
        </Text>
      )}
    </div>
  )
}
