import { Skeleton } from '@mantine/core'
import { type ComponentProps, lazy, Suspense } from 'react'
import type { FigureChart } from '@/components/figure-chart'

const Chart = lazy(async () => ({ default: (await import('@/components/figure-chart')).FigureChart }))

/** A chart whose library is fetched when the first one is shown. */
export function LazyFigureChart(props: ComponentProps<typeof FigureChart>) {
  return (
    <Suspense fallback={<Skeleton h={props.height ?? 280} />}>
      <Chart {...props} />
    </Suspense>
  )
}
