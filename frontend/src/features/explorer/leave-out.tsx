import { Button, TextInput } from '@mantine/core'
import type { UseMutationResult } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ConfirmButton } from '@/components/confirm-button'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

interface LeaveOutProps {
  /** Why it is left out now; `null`: it is not. */
  reason: string | null
  label: string
  title: string
  question: ReactNode
  letIn: string
  exclude: UseMutationResult<unknown, Error, { id: string; reason: string | null }>
  id: string
}

/** Something stays out of new tranches, with a reason; or comes in again. */
export function LeaveOut({ reason, label, title, question, letIn, exclude, id }: LeaveOutProps) {
  const [typed, setTyped] = useState('')
  const button = { size: 'compact-sm', variant: 'default', loading: exclude.isPending } as const
  return (
    <>
      <ProblemAlert error={exclude.error} />
      {reason ? (
        <Button {...button} onClick={() => exclude.mutate({ id, reason: null })}>
          {letIn}
        </Button>
      ) : (
        <ConfirmButton
          {...button}
          label={label}
          title={title}
          question={question}
          ready={typed.trim() !== ''}
          onConfirm={() => exclude.mutate({ id, reason: typed.trim() })}
        >
          <TextInput
            label={words.reason}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            required
            data-autofocus
          />
        </ConfirmButton>
      )}
    </>
  )
}
