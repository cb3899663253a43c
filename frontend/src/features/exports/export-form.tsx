import { Anchor, Button, NativeSelect, Paper, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useAskForExport, useExportFormats } from '@/api/exports'
import { useTimeline } from '@/api/iterations'
import { useSession } from '@/api/session'
import { useTranches } from '@/api/tranches'
import type { ExportWanted } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import classes from './exports.module.css'
import { words } from './words'

const TRANCHE = 'tranche:'
const ITERATION = 'iteration:'

/** What a file should hold; the address may name a tranche. Red-team words are for who has agreed to the warning. */
export function ExportForm() {
  const [address] = useSearchParams()
  const named = address.get('tranche')
  const mayRedTeam = useSession().data?.account.red_team_opt_in ?? false
  const formats = useExportFormats().data ?? []
  const ask = useAskForExport()
  const [what, setWhat] = useState(named ? TRANCHE + named : '')
  const [picked, setTask] = useState<string | null>(null)
  const [format, setFormat] = useState('hh')
  const task = picked ?? (mayRedTeam ? '' : 'helpfulness')
  const chosen = formats.find((one) => one.name === format)
  return (
    <Paper
      withBorder
      p="lg"
      component="form"
      aria-label={words.new}
      onSubmit={(event) => {
        event.preventDefault()
        ask.mutate(wanted(what, task, format))
      }}
    >
      <Stack gap="sm">
        <div className={classes.form}>
          <NativeSelect
            label={words.what}
            value={what}
            onChange={(event) => setWhat(event.currentTarget.value)}
            data={useChoices(named)}
          />
          <NativeSelect
            label={words.task}
            value={task}
            onChange={(event) => setTask(event.currentTarget.value)}
            data={[
              { value: '', label: words.allTasks, disabled: !mayRedTeam },
              { value: 'helpfulness', label: words.tasks.helpfulness },
              { value: 'red-team', label: words.tasks['red-team'], disabled: !mayRedTeam },
            ]}
          />
          <NativeSelect
            label={words.format}
            value={format}
            onChange={(event) => setFormat(event.currentTarget.value)}
            data={formats.map(({ name, suffix }) => ({ value: name, label: `${name} (${suffix})` }))}
          />
          <Button type="submit" loading={ask.isPending} disabled={!chosen}>
            {words.start}
          </Button>
        </div>
        {chosen && (
          <Text size="sm" c="dimmed">
            {chosen.words}
          </Text>
        )}
        {!mayRedTeam && (
          <Text size="sm" c="dimmed">
            {words.warning}{' '}
            <Anchor component={Link} to="/account" inherit underline="always">
              {words.toAccount}
            </Anchor>
          </Text>
        )}
        <ProblemAlert error={ask.error} />
      </Stack>
    </Paper>
  )
}

function useChoices(named: string | null) {
  const tranches = useTranches().data?.map(({ name }) => name) ?? (named ? [named] : [])
  const weeks = useTimeline().data?.pages.flatMap((page) => page.weeks) ?? []
  const froze = weeks.filter(({ status }) => status !== 'skipped')
  return [
    { value: '', label: words.everything },
    {
      group: words.tranches,
      items: tranches.map((name) => ({ value: TRANCHE + name, label: name })),
    },
    {
      group: words.iterations,
      items: froze.map(({ id, name }) => ({ value: ITERATION + id, label: name })),
    },
  ]
}

function wanted(what: string, task: string, format: string): ExportWanted {
  return {
    format,
    task: task === '' ? null : (task as 'helpfulness' | 'red-team'),
    tranche: what.startsWith(TRANCHE) ? what.slice(TRANCHE.length) : null,
    iteration: what.startsWith(ITERATION) ? what.slice(ITERATION.length) : null,
  }
}
