import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { useCare } from '@/api/care'
import type { Conversation } from '@/api/types'
import { Notice } from '@/components/notice'
import { useWords } from '@/i18n/language'
import classes from './red-teaming.module.css'
import { WellBeing } from './well-being'

/** What stands above the turns of a red-team conversation: a word about a break, the question how one is, the plan. */
export function RedTeaming({ conversation }: { conversation: Conversation }) {
  const { red_team_plan: plan, turns } = conversation
  return (
    <>
      <BreakNote />
      {turns.length === 0 && <WellBeing />}
      {plan && <Plan text={plan} />}
    </>
  )
}

/** After long enough, and once more in each conversation: a word about a break. */
function BreakNote() {
  const words = useWords().care
  const care = useCare(true).data
  const [later, setLater] = useState(false)
  if (!care?.break_suggested || later) return null
  return (
    <Notice tone="info" title={words.breakTitle} role="status">
      <span>{words.breakText({ minutes: care.today_minutes })}</span>
      <Group gap="xs">
        <Button component={Link} to="/" size="compact-sm" variant="default">
          {words.pause}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" c="inherit" onClick={() => setLater(true)}>
          {words.breakLater}
        </Button>
      </Group>
    </Notice>
  )
}

/** The plan, kept in sight while it is carried out. */
function Plan({ text }: { text: string }) {
  const words = useWords().care
  return (
    <div className={classes.plan}>
      <Text size="xs" c="dimmed" fw={600}>
        {words.plan}
      </Text>
      <Text size="sm" dir="auto">
        {text}
      </Text>
    </div>
  )
}
