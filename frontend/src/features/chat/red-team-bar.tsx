import { Button, Group, Text } from '@mantine/core'
import { useWithdraw } from '@/api/assignments'
import { useCare } from '@/api/care'
import type { Assignment } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { KeptPay } from './kept-pay'
import classes from './red-team-bar.module.css'
import { useSwitch } from './use-switch'

interface RedTeamBarProps {
  assignment: Assignment
  blur: boolean
  onBlur: (blur: boolean) => void
}

/** Beside every turn of a red-team conversation: how much of it there was, less of it to see, and two ways out. */
export function RedTeamBar({ assignment, blur, onBlur }: RedTeamBarProps) {
  const words = useWords().care
  const care = useCare(true).data
  const withdraw = useWithdraw(assignment.id)
  const change = useSwitch(assignment)
  return (
    <aside className={classes.bar} aria-label={words.careRight}>
      <div className={classes.inner}>
        <Text size="xs" className={classes.text}>
          {words.careRight}{' '}
          {care && (
            <span className={classes.exposure}>
              {words.exposure({ conversations: care.red_team_conversations, minutes: care.today_minutes })}
            </span>
          )}
        </Text>
        <label className={classes.blur}>
          <input type="checkbox" checked={blur} onChange={(event) => onBlur(event.currentTarget.checked)} />
          {words.blur}
        </label>
        <Group gap={4} wrap="nowrap">
          {change && (
            <Button size="compact-xs" variant="default" loading={change.isPending} onClick={change.go}>
              {words.toHelpfulness}
            </Button>
          )}
          <ConfirmButton
            size="compact-xs"
            variant="default"
            color="red"
            label={words.stopHere}
            question={
              <>
                {words.stopHereText} <KeptPay assignment={assignment} />
              </>
            }
            onConfirm={() => withdraw.mutate()}
          />
        </Group>
      </div>
      <ProblemAlert error={withdraw.error ?? change?.error ?? null} />
    </aside>
  )
}
