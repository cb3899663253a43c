import { SimpleGrid, Stack } from '@mantine/core'
import { useFigure, useInference, useOverview } from '@/api/dashboard'
import type { Overview } from '@/api/types'
import { FigureView } from '@/components/figure-view'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { AnsweringNow } from './answering-now'
import { CameIn } from './came-in'
import { FirstSteps } from './first-steps'
import { Notices } from './notices'
import { TrainingNow } from './training-now'
import { words } from './words'

/** Monday morning: what waits for a decision, what is wrong, what is being trained, what came in, who answers. */
export function OverviewPage() {
  return (
    <Stack gap="xl">
      <PageHead title={words.pages.overview} />
      <QueryView query={useOverview()}>{(overview) => <Morning overview={overview} />}</QueryView>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <OneFigure name="comparisons-per-day" />
        <OneFigure name="elo" />
      </SimpleGrid>
    </Stack>
  )
}

function Morning({ overview }: { overview: Overview }) {
  const inference = useInference().data
  const alarms = [...(inference?.alarms ?? []), ...overview.alarms]
  // Once the loop has gone round, what it says comes first.
  const isNew = overview.training === null
  return (
    <>
      {isNew && <FirstSteps steps={overview.first_steps} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
        <Notices
          title={words.decisions}
          none={words.noDecisions}
          go={words.decide}
          notices={overview.decisions}
        />
        <Notices
          title={words.alarms}
          none={words.noAlarms}
          go={words.look}
          notices={alarms.sort((a, b) => Number(b.halts) - Number(a.halts))}
        />
      </SimpleGrid>
      <TrainingNow training={overview.training} next={overview.next_run} collected={overview.collected} />
      <CameIn collected={overview.collected} />
      <AnsweringNow
        answering={overview.answering}
        pm={overview.scoring_pm}
        served={inference?.models.length}
      />
      {!isNew && <FirstSteps steps={overview.first_steps} />}
    </>
  )
}

function OneFigure({ name }: { name: string }) {
  return <QueryView query={useFigure(name)}>{(figure) => <FigureView figure={figure} />}</QueryView>
}
