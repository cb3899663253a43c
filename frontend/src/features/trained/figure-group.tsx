import { SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { type Asked, useFigure } from '@/api/dashboard'
import { FigureView } from '@/components/figure-view'
import { QueryView } from '@/components/query-view'

interface FigureGroupProps {
  title: string
  lead: string
  figures: readonly string[]
  asked: Asked
}

/** Figures that answer one question, beside each other where there is room. */
export function FigureGroup({ title, lead, figures, asked }: FigureGroupProps) {
  return (
    <Stack gap="sm" component="section">
      <div>
        <Title order={2} size="h4">
          {title}
        </Title>
        <Text size="sm" c="dimmed" maw="46rem">
          {lead}
        </Text>
      </div>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {figures.map((name) => (
          <OneFigure key={name} name={name} asked={asked} />
        ))}
      </SimpleGrid>
    </Stack>
  )
}

function OneFigure({ name, asked }: { name: string; asked: Asked }) {
  return (
    <QueryView query={useFigure(name, asked)}>
      {(figure) => <FigureView figure={figure} asked={asked} />}
    </QueryView>
  )
}
