import { Button, Checkbox, Group, Paper, Stack, Text, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useDraw, usePick, type Wanted } from '@/api/reviews'
import { useSession } from '@/api/session'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { usePageKeys } from '@/components/page-keys'
import { ProblemAlert } from '@/components/problem-alert'
import { Pair } from './pair'
import classes from './reviews.module.css'
import { Seen } from './seen'
import { Summary } from './summary'
import { words } from './words'

/** The review queue: one comparison at a time, blind until one's own pick. The address holds what is drawn from. */
export function ReviewsPage() {
  const [address, setAddress] = useSearchParams()
  const wanted: Wanted = {
    crowdworker: address.get('crowdworker'),
    tranche: address.get('tranche'),
    red_team: address.get('red_team') === 'true',
  }
  const set = (name: string, value: string) => {
    const changed = new URLSearchParams(address)
    if (value) changed.set(name, value)
    else changed.delete(name)
    setAddress(changed, { replace: true })
  }
  return (
    <Stack gap="lg">
      <PageHead title={words.title} lead={words.lead} />
      <From key={`${wanted.crowdworker} ${wanted.tranche}`} wanted={wanted} onChange={set} />
      <Queue wanted={wanted} />
      <Summary />
    </Stack>
  )
}

function From({ wanted, onChange }: { wanted: Wanted; onChange: (name: string, value: string) => void }) {
  const agreed = useSession().data?.account.red_team_opt_in ?? false
  const typed = (name: 'crowdworker' | 'tranche') => (
    <TextInput
      label={words[name]}
      description={words.help[name]}
      inputWrapperOrder={['label', 'input', 'description']}
      defaultValue={wanted[name] ?? ''}
      onBlur={(event) => onChange(name, event.currentTarget.value.trim())}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      maxLength={64}
    />
  )
  return (
    <Stack gap="xs">
      <search className={classes.fields} aria-label={words.wanted}>
        {typed('crowdworker')}
        {typed('tranche')}
      </search>
      <Checkbox
        label={words.redTeam}
        description={agreed ? undefined : words.redTeamWarning}
        disabled={!agreed}
        checked={agreed && wanted.red_team}
        onChange={(event) => onChange('red_team', event.currentTarget.checked ? 'true' : '')}
      />
    </Stack>
  )
}

function Queue({ wanted }: { wanted: Wanted }) {
  const draw = useDraw()
  const pick = usePick()
  const [since, setSince] = useState(0)
  const top = useRef<HTMLDivElement>(null)
  const drawn = draw.data?.drawn ?? null
  const seen = drawn && pick.data?.comparison === drawn.comparison ? pick.data : null
  const isChoosing = drawn !== null && seen === null && !pick.isPending

  function next() {
    pick.reset()
    draw.mutate(wanted, { onSuccess: () => setSince(Date.now()) })
  }
  function choose(shown: 'a' | 'b' | null, strength: number | null) {
    if (!drawn) return
    const seconds = shown && (Date.now() - since) / 1000
    const picked = shown && drawn[shown].id
    pick.mutate({ comparison: drawn.comparison, picked, strength, seconds })
  }
  usePageKeys(seen !== null && !draw.isPending, ({ key, target }) => {
    if (key !== 'Enter' || (target instanceof Element && target.closest('a, button, summary'))) return false
    next()
    return true
  })
  const comparison = drawn?.comparison
  useEffect(() => {
    if (comparison) top.current?.focus()
  }, [comparison])

  return (
    <Stack gap="md">
      <ProblemAlert error={draw.error ?? pick.error} />
      {draw.data && !drawn && (
        <Notice tone="info" role="status" title={words.nothingLeft}>
          {draw.data.why}
        </Notice>
      )}
      {drawn ? (
        <Paper
          withBorder
          radius="lg"
          p="md"
          component="section"
          aria-label={words.unread}
          ref={top}
          tabIndex={-1}
          style={{ outline: 'none' }}
        >
          <Stack gap="md">
            <Pair drawn={drawn} seen={seen} choosing={isChoosing} onChoose={choose} />
            {seen && <Seen seen={seen} />}
            {seen && (
              <Group>
                <Button onClick={next} loading={draw.isPending}>
                  {words.next}
                </Button>
              </Group>
            )}
          </Stack>
        </Paper>
      ) : (
        <Button w="fit-content" onClick={next} loading={draw.isPending}>
          {words.begin}
        </Button>
      )}
      {drawn && isChoosing && (
        <Text size="xs" c="dimmed">
          {words.keys}
        </Text>
      )}
    </Stack>
  )
}
