import { SimpleGrid, Stack, Title } from '@mantine/core'
import { useFigure, useFigures } from '@/api/dashboard'
import { FigureView } from '@/components/figure-view'
import { QueryView } from '@/components/query-view'
import { words } from './words'

/** Every figure that the server knows. */
export function FigureList() {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {words.figures}
      </Title>
      <QueryView query={useFigures()}>
        {(entries) => (
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            {entries.map((entry) => (
              <OneFigure key={entry.name} name={entry.name} />
            ))}
          </SimpleGrid>
        )}
      </QueryView>
    </Stack>
  )
}

function OneFigure({ name }: { name: string }) {
  return <QueryView query={useFigure(name)}>{(figure) => <FigureView figure={figure} />}</QueryView>
}
