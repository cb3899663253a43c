import { Anchor, Stack, Text } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { type LineageOf, useLineage } from '@/api/lineage'
import type { LineageGraph } from '@/api/types'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { LineageDrawing } from './lineage-drawing'
import { words } from './words'

/** `?iteration=ID` or `?snapshot=NAME`. */
export function LineagePage() {
  const [search] = useSearchParams()
  const iteration = search.get('iteration')
  const snapshot = search.get('snapshot')
  if (snapshot) return <Of of={{ snapshot }} />
  if (iteration) return <Of of={{ iteration }} />
  return <PageHead title={words.title} lead={words.choose} />
}

function Of({ of }: { of: LineageOf }) {
  return <QueryView query={useLineage(of)}>{(lineage) => <Found lineage={lineage} />}</QueryView>
}

function Found({ lineage }: { lineage: LineageGraph }) {
  return (
    <Stack>
      <PageHead title={words.of(lineage.of)} lead={words.lead} />
      {lineage.iteration_id && (
        <Anchor component={Link} size="sm" to={`/admin/iterations/${lineage.iteration_id}`}>
          {words.whole}
        </Anchor>
      )}
      {lineage.missing ? (
        <Text c="dimmed">{lineage.missing}</Text>
      ) : (
        <>
          <LineageDrawing lineage={lineage} />
          <Text size="sm" c="dimmed" maw="46rem">
            {words.earnedHelp} {lineage.omitted > 0 && words.omitted(lineage.omitted)}
          </Text>
        </>
      )}
    </Stack>
  )
}
