import { Anchor, Badge, Group, NativeSelect, Stack, Text } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { usePolicyRuns } from '@/api/dashboard'
import type { PolicyRun } from '@/api/types'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { statusColor } from '@/components/status-color'
import { FigureGroup } from './figure-group'
import { words } from './words'

/** What a policy's score cost in distance, and whether it meant anything. The address holds whose run. */
export function PoliciesPage() {
  return (
    <Stack gap="xl">
      <PageHead title={words.policy.title} lead={words.policy.lead} />
      <QueryView query={usePolicyRuns()}>{(runs) => <Chosen runs={runs} />}</QueryView>
    </Stack>
  )
}

function Chosen({ runs }: { runs: PolicyRun[] }) {
  const [address, setAddress] = useSearchParams()
  const id = address.get('iteration')
  const run = id === null ? runs[0] : runs.find((one) => one.iteration_id === id)
  if (runs.length === 0) {
    return (
      <>
        <Notice tone="info" role="status" title={words.policy.none}>
          <Text size="sm">
            {words.policy.noneWhy}{' '}
            <Anchor component={Link} to="/admin/iterations" inherit underline="always">
              {words.toIterations}
            </Anchor>
          </Text>
        </Notice>
        <FigureGroup {...words.policy.groups.people} figures={PEOPLE} asked={{}} />
      </>
    )
  }
  const asked = { iteration: run?.iteration_id ?? id }
  return (
    <>
      <Group align="end">
        <NativeSelect
          label={words.policy.choose}
          value={run?.iteration_id ?? ''}
          onChange={(event) => setAddress({ iteration: event.currentTarget.value }, { replace: true })}
          data={[
            ...(run ? [] : [{ value: '', label: words.policy.unknown }]),
            ...runs.map((one, at) => ({
              value: one.iteration_id,
              label: at === 0 ? words.newest(one.iteration) : one.iteration,
            })),
          ]}
        />
      </Group>
      {run && <Headline run={run} />}
      <FigureGroup {...words.policy.groups.distance} figures={DISTANCE} asked={asked} />
      <FigureGroup {...words.policy.groups.course} figures={COURSE} asked={asked} />
      <FigureGroup {...words.policy.groups.people} figures={PEOPLE} asked={{}} />
    </>
  )
}

const DISTANCE = ['policy-runs', 'policy-score-and-kl', 'policy-best-of-k', 'policy-scores-by-step']
const COURSE = ['policy-style', 'policy-rates', 'policy-scores-by-task', 'policy-logp-accuracy']
const PEOPLE = ['policy-tension', 'win-rate-against-initial']

function Headline({ run }: { run: PolicyRun }) {
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Badge color={statusColor(run.status)} variant="light">
          {words.policy.statuses[run.status]}
        </Badge>
        <Text size="sm">{words.policy.learned(run.steps, run.kl_to_initial)}</Text>
        <Anchor component={Link} to={`/admin/iterations/${run.iteration_id}`} size="sm">
          {words.iteration(run.iteration)}
        </Anchor>
      </Group>
      {run.sentences.map((sentence) => (
        <Notice key={sentence} tone="warning" role="status" title={words.alarm}>
          <Text size="sm">{sentence}</Text>
        </Notice>
      ))}
    </Stack>
  )
}
