import { Stack, Title } from '@mantine/core'
import { useOverview } from '@/api/dashboard'
import { QueryView } from '@/components/query-view'
import { CollectedCards } from './collected-cards'
import { DeployedNow } from './deployed-now'
import { FigureList } from './figure-list'
import { LatestIteration } from './latest-iteration'
import { words } from './words'

/** Monday morning: what came in, what is being trained, who answers crowdworkers, what needs a decision. */
export function OverviewPage() {
  const overview = useOverview()
  return (
    <Stack gap="xl">
      <Title order={1} size="h2">
        {words.pages.overview}
      </Title>
      <QueryView query={overview}>{(data) => <CollectedCards overview={data} />}</QueryView>
      <LatestIteration />
      <DeployedNow />
      <FigureList />
    </Stack>
  )
}
