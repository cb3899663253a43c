import { Textarea } from '@mantine/core'
import { useState } from 'react'
import { useOverrule } from '@/api/iterations'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

/** Deploy although the gate said no: only with a reason, which is kept. */
export function Overrule({ iterationId, warning = '' }: { iterationId: string; warning?: string }) {
  const overrule = useOverrule(iterationId)
  const [reason, setReason] = useState('')
  return (
    <>
      <ProblemAlert error={overrule.error} />
      <ConfirmButton
        label={words.overrule}
        color="orange"
        question={`${words.overruleQuestion}${warning}`}
        ready={reason.trim() !== ''}
        loading={overrule.isPending}
        onConfirm={() => overrule.mutate(reason.trim())}
      >
        <Textarea
          label={words.overruleReason}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={2000}
          required
          data-autofocus
        />
      </ConfirmButton>
    </>
  )
}
