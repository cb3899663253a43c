import { Paper, ScrollArea, Stack, Table, Text, Title } from '@mantine/core'
import { useFigure } from '@/api/dashboard'
import { useReviews } from '@/api/reviews'
import type { Reviews, SomeShare } from '@/api/types'
import { FigureView } from '@/components/figure-view'
import { QueryView } from '@/components/query-view'
import classes from './reviews.module.css'
import { words } from './words'

/** How much researchers agree with crowdworkers, with the PM, and with each other. */
export function Summary() {
  const figure = useFigure('agreement')
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {words.summary}
      </Title>
      <QueryView query={useReviews()}>
        {(reviews) =>
          reviews.reviews === 0 ? (
            <Text c="dimmed">{words.none}</Text>
          ) : (
            <>
              <Text size="sm" c="dimmed">
                {words.counted(reviews.reviews, reviews.skipped)}
              </Text>
              <Reviewers reviews={reviews} />
              <Pairs reviews={reviews} />
              <QueryView query={figure}>{(one) => <FigureView figure={one} />}</QueryView>
            </>
          )
        }
      </QueryView>
    </Stack>
  )
}

const said = (share: SomeShare | null) => (share ? words.share(share) : words.notEnough)

function Reviewers({ reviews }: { reviews: Reviews }) {
  return (
    <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
      <Table miw={520} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.reviewer}</Table.Th>
            <Table.Th ta="end">{words.reviews}</Table.Th>
            <Table.Th>{words.withCrowdworkers}</Table.Th>
            <Table.Th>{words.left}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {reviews.reviewers.map((one) => (
            <Table.Tr key={one.username}>
              <Table.Td fw={600}>{one.username}</Table.Td>
              <Table.Td ta="end">{one.reviews.toLocaleString()}</Table.Td>
              <Table.Td className={classes.whole}>{said(one.with_crowdworkers)}</Table.Td>
              <Table.Td className={classes.whole}>{said(one.picked_a)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}

function Pairs({ reviews }: { reviews: Reviews }) {
  if (reviews.pairs.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {words.noPairs}
      </Text>
    )
  }
  return (
    <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
      <Table miw={520} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.pairs}</Table.Th>
            <Table.Th ta="end">{words.both}</Table.Th>
            <Table.Th>{words.agreement}</Table.Th>
            <Table.Th title={words.kappaHelp}>{words.kappa}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {reviews.pairs.map((pair) => (
            <Table.Tr key={`${pair.one} ${pair.other}`}>
              <Table.Td fw={600}>
                {pair.one}, {pair.other}
              </Table.Td>
              <Table.Td ta="end">{pair.both.toLocaleString()}</Table.Td>
              <Table.Td className={classes.whole}>{said(pair.agreement)}</Table.Td>
              <Table.Td>
                {pair.kappa === null ? words.notEnough : pair.kappa.toFixed(2).replace('-', '−')}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  )
}
