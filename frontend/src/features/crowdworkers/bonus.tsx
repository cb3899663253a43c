import { Anchor, Group, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { useAddBonus } from '@/api/payments'
import type { Crowdworker } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { decimalsOf, money } from '@/components/money'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

/** An amount with a reason, which the next export of pay takes. */
export function Bonus({ person }: { person: Crowdworker }) {
  const add = useAddBonus(person.id)
  const [amount, setAmount] = useState('')
  const [currency, setCurrency] = useState(
    person.assignments.find((one) => one.earned)?.earned?.currency ?? 'USD',
  )
  const [reason, setReason] = useState('')
  const [key, setKey] = useState(newKey) // the same bonus, however often it is sent
  const cents = centsOf(amount, currency)
  return (
    <>
      <ProblemAlert error={add.error} />
      <ConfirmButton
        size="xs"
        variant="default"
        label={words.bonus}
        title={words.bonusTitle(person.username)}
        question={words.bonusQuestion}
        loading={add.isPending}
        ready={cents !== null && reason.trim() !== ''}
        onConfirm={() =>
          cents !== null &&
          add.mutate(
            { key, cents, currency, reason: reason.trim() },
            {
              onSuccess: () => {
                setKey(newKey())
                setAmount('')
                setReason('')
              },
            },
          )
        }
      >
        <Group align="flex-start" wrap="nowrap">
          <TextInput
            label={words.amount}
            value={amount}
            onChange={(event) => setAmount(event.currentTarget.value)}
            inputMode="decimal"
            placeholder="2.50"
            required
            data-autofocus
          />
          <TextInput
            label={words.currency}
            value={currency}
            onChange={(event) => setCurrency(event.currentTarget.value.trim().toUpperCase())}
            maxLength={3}
            w={110}
          />
        </Group>
        <TextInput
          label={words.bonusReason}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={300}
          required
        />
      </ConfirmButton>
      {add.isSuccess && (
        <Text size="sm" role="status">
          {words.bonusGiven(money({ cents: add.variables.cents, currency: add.variables.currency }, 'en'))}{' '}
          <Anchor component={Link} to="/admin/pay" inherit>
            {words.toPay}
          </Anchor>
        </Text>
      )}
    </>
  )
}

/** "2.50" in USD is 250; null: not an amount of this currency. */
function centsOf(amount: string, currency: string): number | null {
  if (!/^\d+(\.\d+)?$/.test(amount.trim()) || !/^[A-Z]{3}$/.test(currency)) return null
  const cents = Number(amount) * 10 ** decimalsOf(currency)
  const whole = Math.round(cents)
  return Math.abs(cents - whole) < 1e-6 && whole > 0 ? whole : null
}

/** `crypto.randomUUID` exists on https only; a page in a local network may be plain http. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
