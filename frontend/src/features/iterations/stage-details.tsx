import { Anchor, Badge, Code, Group, Stack, Table, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import { useStage } from '@/api/iterations'
import type { Stage, StageDetail, Thing } from '@/api/types'
import { duration, moment } from '@/components/duration'
import { QueryView } from '@/components/query-view'
import { statusColor } from '@/components/status-color'
import { RunView } from './run-view'
import classes from './stage-details.module.css'
import { words } from './words'

interface StageDetailsProps {
  iterationId: string
  stage: Stage
}

/** All there is to know of a stage: what went in, what came out, its attempts, its runs as they go. */
export function StageDetails({ iterationId, stage }: StageDetailsProps) {
  const live = stage.status === 'running'
  return (
    <QueryView query={useStage(iterationId, stage.stage, live)}>
      {(detail) => (
        <Stack gap="md" mt="sm">
          <div className={classes.sides}>
            <Inputs detail={detail} />
            <Side title={words.outputs}>
              <Things things={detail.outputs} none={detail.result ? words.noOutputs : words.noOutputsYet} />
              {detail.result && (
                <details className={classes.more}>
                  <summary>{words.result}</summary>
                  <Code block className={classes.json}>
                    {JSON.stringify(detail.result, null, 2)}
                  </Code>
                </details>
              )}
            </Side>
          </div>
          {detail.attempts.length > 1 && <Attempts detail={detail} />}
          <Runs detail={detail} live={live} />
        </Stack>
      )}
    </QueryView>
  )
}

function Side({ title, children }: { title: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: not a form's fields; and a section would be one of many landmarks
    <div role="group" className={classes.side} aria-label={title}>
      <Text size="sm" fw={600} mb={4}>
        {title}
      </Text>
      {children}
    </div>
  )
}

function Inputs({ detail }: { detail: StageDetail }) {
  return (
    <Side title={words.inputs}>
      <Things things={detail.inputs} none={words.noInputs} />
      {detail.more_inputs > 0 && (
        <Text size="sm" c="dimmed">
          {words.moreInputs(detail.more_inputs)}
        </Text>
      )}
      {detail.config && Object.keys(detail.config).length > 0 && (
        <details className={classes.more}>
          <summary>{words.config(detail.overridden.length)}</summary>
          <Config detail={detail} />
        </details>
      )}
      {detail.input_hash && (
        <Text size="xs" c="dimmed" mt={4} className={classes.hash}>
          {words.inputHash}: {detail.input_hash}
        </Text>
      )}
    </Side>
  )
}

function Things({ things, none }: { things: Thing[]; none: string }) {
  if (things.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {none}
      </Text>
    )
  }
  return (
    <ul className={classes.things}>
      {things.map((thing) => (
        <li key={`${thing.kind}-${thing.name}-${thing.fact}`}>
          <Text size="sm" span fw={550} className={classes.hash}>
            <Anchor
              component={Link}
              inherit
              to={`/admin/${thing.kind === 'tranche' ? 'tranches' : 'snapshots'}/${encodeURIComponent(thing.name)}`}
            >
              {thing.name}
            </Anchor>
          </Text>{' '}
          <Text size="sm" span c="dimmed">
            {thing.fact}
          </Text>
        </li>
      ))}
    </ul>
  )
}

/** Every field that the stage went by; what this iteration sets itself is marked. */
function Config({ detail }: { detail: StageDetail }) {
  const fields = Object.entries(detail.config ?? {}).flatMap(([section, values]) =>
    Object.entries(values).map(([field, value]) => ({ name: `${section}.${field}`, value })),
  )
  return (
    <div className={classes.config}>
      <Table withRowBorders={false} verticalSpacing={2}>
        <Table.Tbody>
          {fields.map(({ name, value }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">
                <Code>{name}</Code>
              </Table.Th>
              <Table.Td>
                <Group gap={6}>
                  <Text size="xs" className={classes.hash}>
                    {JSON.stringify(value)}
                  </Text>
                  {detail.overridden.includes(name) && (
                    <Badge size="xs" color="orange" variant="light">
                      {words.overridden}
                    </Badge>
                  )}
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

function Attempts({ detail }: { detail: StageDetail }) {
  return (
    <Side title={words.attempts}>
      <ul className={classes.things}>
        {detail.attempts.map((one) => (
          <li key={one.attempt}>
            <Group gap="xs" align="baseline">
              <Text size="sm">{words.attempt(one.attempt)}</Text>
              <Badge color={statusColor(one.status)} variant="light" size="sm">
                {words.stageStatuses[one.status]}
              </Badge>
              <Text size="sm" c="dimmed">
                {one.started_at && moment(one.started_at)}
                {one.started_at &&
                  one.finished_at &&
                  ` · ${duration((Date.parse(one.finished_at) - Date.parse(one.started_at)) / 1000)}`}
              </Text>
              {one.error && (
                <Text size="sm" c="red">
                  {one.error}
                </Text>
              )}
            </Group>
          </li>
        ))}
      </ul>
    </Side>
  )
}

const MOVES_ROWS = ['freeze_tranche', 'gate', 'deploy']

/** One at a time: the newest, and the others on asking. */
function Runs({ detail, live }: { detail: StageDetail; live: boolean }) {
  const [picked, setPicked] = useState<string | null>(null)
  const run = detail.runs.find((one) => one.id === picked) ?? detail.runs[0]
  if (!run) {
    return (
      <Text size="sm" c="dimmed">
        {MOVES_ROWS.includes(detail.stage) ? words.noRuns : words.noRunYet}
      </Text>
    )
  }
  return (
    <Stack gap="xs">
      {detail.runs.length > 1 && (
        <label className={classes.pick}>
          {words.pickRun}{' '}
          <select value={run.id} onChange={(event) => setPicked(event.currentTarget.value)}>
            {detail.runs.map((one) => (
              <option key={one.id} value={one.id}>
                {words.runName(one.name)}
              </option>
            ))}
          </select>
        </label>
      )}
      <RunView key={run.id} run={run} live={live && run.status === 'running'} />
    </Stack>
  )
}
