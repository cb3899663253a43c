import { Button, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useWithdraw } from '@/api/assignments'
import type { Assignment } from '@/api/types'
import { Dialog } from '@/components/dialog'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { KeptPay } from './kept-pay'
import classes from './leave-dialog.module.css'
import { useSwitch } from './use-switch'

/** What each way out means, and that nothing is lost by it. */
export function LeaveDialog({ assignment, onClose }: { assignment: Assignment; onClose: () => void }) {
  const words = useWords().care
  const withdraw = useWithdraw(assignment.id)
  const change = useSwitch(assignment)
  return (
    <Dialog title={words.leaveTitle} onClose={onClose}>
      <Stack>
        <Text size="sm" fw={600}>
          <KeptPay assignment={assignment} />
        </Text>
        <ProblemAlert error={withdraw.error ?? change?.error ?? null} />
        <div className={classes.way}>
          <Text size="sm">{words.pauseText}</Text>
          <Button component={Link} to="/" variant="default">
            {words.pause}
          </Button>
        </div>
        {change && (
          <div className={classes.way}>
            <Text size="sm">{words.toHelpfulnessText}</Text>
            <Button variant="default" loading={change.isPending} onClick={change.go}>
              {words.toHelpfulness}
            </Button>
          </div>
        )}
        <div className={classes.way}>
          <Text size="sm">{words.stopHereText}</Text>
          <Button
            variant="outline"
            color="red"
            loading={withdraw.isPending}
            onClick={() => withdraw.mutate()}
          >
            {words.stopHere}
          </Button>
        </div>
      </Stack>
    </Dialog>
  )
}
