import { SimpleGrid, Stack, Title } from '@mantine/core'
import { useFigure, useFigures } from '@/api/dashboard'
import { FigureView } from '@/components/figure-view'
import { QueryView } from '@/components/query-view'
import { words } from './words'

// These want a page of their own: they are wide, or ask for a task.
const ELSEWHERE = ['win-matrix', 'elo-four-ways']

/** Every figure that the server knows, but for those that only their own page has room for. */
export function FigureList() {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {words.figures}
      </Title>
      <QueryView query={useFigures()}>
        {(entries) => (
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            {entries
              .filter(({ name }) => !ELSEWHERE.includes(name))
              .map((entry) => (
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
