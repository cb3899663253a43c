import { Alert, Paper, Text, Title } from '@mantine/core'
import type { Figure } from '@/api/types'
import { LazyFigureChart } from '@/components/lazy-figure-chart'

/** One figure of the dashboard, whichever: what it shows, how to read it, or what is missing to draw it. */
export function FigureView({ figure }: { figure: Figure }) {
  return (
    <Paper withBorder p="md" component="figure" m={0} aria-label={figure.title}>
      <Title order={3} size="h5" mb="sm">
        {figure.title}
      </Title>
      {figure.missing ? <Alert color="gray">{figure.missing}</Alert> : <LazyFigureChart figure={figure} />}
      <Text component="figcaption" size="xs" c="dimmed" mt="xs">
        {figure.how_to_read}
      </Text>
    </Paper>
  )
}
