import { Anchor, Checkbox, Group, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { Wanted } from '@/api/improvement'
import { useSession } from '@/api/session'
import type { Improvement } from '@/api/types'
import classes from './improvement.module.css'
import { words } from './words'

const MOST = 3 // beside week 0

interface ChoicesProps {
  improvement: Improvement
  wanted: Wanted
  want: (next: Partial<Wanted>) => void
}

/** Which weeks, and whether with red-team prompts. */
export function Choices({ improvement: { weeks, sheet }, wanted, want }: ChoicesProps) {
  const agreed = useSession().data?.account.red_team_opt_in ?? false
  const shown = sheet.columns.filter((column) => column.number > 0).map((column) => column.name)
  const toggle = (name: string, on: boolean) => {
    const chosen = on ? [...shown, name] : shown.filter((one) => one !== name)
    want({ weeks: chosen.length > 0 ? chosen : null })
  }
  return (
    <Stack gap="xs">
      <fieldset className={classes.weeks}>
        <legend>
          {words.weeks}{' '}
          <Text span size="sm" c="dimmed" fw={400}>
            {words.weeksHelp}
          </Text>
        </legend>
        <Group gap="md">
          {weeks.map((week) => {
            const on = shown.includes(week.name)
            return (
              <Checkbox
                key={week.name}
                label={words.week(week.number, week.name)}
                description={week.answers === 0 ? words.noAnswers : undefined}
                checked={on}
                disabled={!on && (shown.length >= MOST || week.answers === 0)}
                onChange={(event) => toggle(week.name, event.currentTarget.checked)}
              />
            )
          })}
        </Group>
      </fieldset>
      <Group gap="xs" align="center">
        <Checkbox
          label={words.redTeam}
          description={agreed ? words.redTeamWarning : undefined}
          checked={wanted.redTeam}
          disabled={!agreed}
          onChange={(event) => want({ redTeam: event.currentTarget.checked })}
        />
        {!agreed && (
          <Text size="sm" c="dimmed">
            {words.redTeamAgree}{' '}
            <Anchor component={Link} to="/account" inherit underline="always">
              {words.account}
            </Anchor>
            .
          </Text>
        )}
      </Group>
    </Stack>
  )
}
