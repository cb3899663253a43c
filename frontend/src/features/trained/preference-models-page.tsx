import { Anchor, Group, NativeSelect, Stack, Text } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { usePreferenceModels } from '@/api/dashboard'
import type { EvaluatedPm } from '@/api/types'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { QueryView } from '@/components/query-view'
import { Facts } from './facts'
import { FigureGroup } from './figure-group'
import { words } from './words'

/** What a PM has learnt, how sure it is, and what more comparisons would bring. The address holds which PM. */
export function PreferenceModelsPage() {
  return (
    <Stack gap="xl">
      <PageHead title={words.pm.title} lead={words.pm.lead} />
      <QueryView query={usePreferenceModels()}>{(pms) => <Chosen pms={pms} />}</QueryView>
    </Stack>
  )
}

function Chosen({ pms }: { pms: EvaluatedPm[] }) {
  const [address, setAddress] = useSearchParams()
  const name = address.get('pm')
  const pm = name === null ? pms[0] : pms.find((one) => one.name === name)
  if (pms.length === 0) {
    return (
      <>
        <Notice tone="info" role="status" title={words.pm.none}>
          <Text size="sm">
            {words.pm.noneWhy}{' '}
            <Anchor component={Link} to="/admin/iterations" inherit underline="always">
              {words.toIterations}
            </Anchor>
          </Text>
        </Notice>
        <OverTheWeeks />
      </>
    )
  }
  const asked = { snapshot: pm?.name ?? name }
  return (
    <>
      <Group align="end">
        <NativeSelect
          label={words.pm.choose}
          value={pm?.name ?? ''}
          onChange={(event) => setAddress({ pm: event.currentTarget.value }, { replace: true })}
          data={[
            ...(pm ? [] : [{ value: '', label: words.pm.unknown(name ?? '') }]),
            ...pms.map((one, at) => ({
              value: one.name,
              label: at === 0 ? words.newest(one.name) : one.name,
            })),
          ]}
        />
      </Group>
      {pm && <Headline pm={pm} />}
      <FigureGroup {...words.pm.groups.right} figures={RIGHT} asked={asked} />
      <FigureGroup {...words.pm.groups.sure} figures={SURE} asked={asked} />
      <FigureGroup {...words.pm.groups.scores} figures={SCORES} asked={asked} />
      <OverTheWeeks />
    </>
  )
}

const RIGHT = ['pm-by-tranche', 'pm-by-turn', 'pm-by-strength', 'pm-by-task', 'pm-by-lengths']
const SURE = ['pm-calibration', 'pm-high-scores']
const SCORES = ['pm-scores-by-tranche', 'pm-scores-by-task']
const WEEKS = ['pm-accuracy', 'pm-learning-curve', 'pm-mixture']

function OverTheWeeks() {
  return <FigureGroup {...words.pm.groups.weeks} figures={WEEKS} asked={{}} />
}

function Headline({ pm }: { pm: EvaluatedPm }) {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return (
    <Stack gap="sm">
      <Facts
        facts={[
          [
            words.pm.right,
            percent(pm.accuracy),
            words.pm.interval((100 * pm.low).toFixed(1), (100 * pm.high).toFixed(1)),
          ],
          [words.pm.longer, percent(pm.longer_wins), words.pm.beats(pm)],
          [words.pm.loss, pm.loss?.toFixed(3) ?? words.notEnough, words.pm.lossHelp],
          [
            words.pm.length,
            pm.length_correlation?.toFixed(2).replace('-', '−') ?? words.notEnough,
            words.pm.lengthHelp,
          ],
          [
            words.pm.trainedOn,
            pm.trained_on?.toLocaleString() ?? words.unknown,
            words.pm.testedOn(pm.comparisons, pm.families),
          ],
        ]}
      />
      {pm.alarms.map((alarm) => (
        <Notice key={alarm} tone="warning" role="status" title={words.alarm}>
          <Text size="sm">{alarm}</Text>
        </Notice>
      ))}
      <Text size="sm" c="dimmed">
        {words.pm.evaluated(new Date(pm.evaluated_at).toLocaleDateString(undefined, { dateStyle: 'long' }))}{' '}
        {pm.iteration_id && (
          <Anchor component={Link} to={`/admin/iterations/${pm.iteration_id}`} inherit underline="always">
            {words.iteration(pm.iteration ?? '')}
          </Anchor>
        )}
      </Text>
    </Stack>
  )
}
