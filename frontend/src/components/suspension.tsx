import { type ButtonProps, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useSuspend } from '@/api/people'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'

const words = {
  suspend: 'Suspend',
  suspendTitle: (username: string) => `Suspend ${username}`,
  suspendQuestion:
    'They are told that the account is suspended and can do nothing more. Nothing of theirs is deleted.',
  reason: 'Reason, for the record; they do not see it',
  readmit: 'Readmit',
  readmitTitle: (username: string) => `Readmit ${username}`,
  readmitQuestion: 'They can go on where they were.',
}

interface SuspensionProps extends Pick<ButtonProps, 'size' | 'variant'> {
  person: { id: string; username: string; suspended: boolean }
}

/** Suspend somebody, with a reason, or let them in again. Size and variant are of the button that suspends. */
export function Suspension({ person, size, variant }: SuspensionProps) {
  const suspend = useSuspend(person.id)
  const [reason, setReason] = useState('')
  const { username, suspended } = person
  return (
    <>
      <ProblemAlert error={suspend.error} />
      {suspended ? (
        <ConfirmButton
          key="readmit"
          size={size}
          variant="default"
          label={words.readmit}
          title={words.readmitTitle(username)}
          question={words.readmitQuestion}
          loading={suspend.isPending}
          onConfirm={() => suspend.mutate({ suspended: false, reason: '' })}
        />
      ) : (
        <ConfirmButton
          key="suspend"
          size={size}
          variant={variant}
          color="red"
          label={words.suspend}
          title={words.suspendTitle(username)}
          question={words.suspendQuestion}
          loading={suspend.isPending}
          ready={reason.trim() !== ''}
          onConfirm={() => suspend.mutate({ suspended: true, reason: reason.trim() })}
        >
          <TextInput
            label={words.reason}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
            data-autofocus
          />
        </ConfirmButton>
      )}
    </>
  )
}
