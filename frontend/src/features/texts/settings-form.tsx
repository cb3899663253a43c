import { Button, Group, NativeSelect, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Problem } from '@/api/problem'
import { useChangeTaskSettings } from '@/api/task-editing'
import type { TaskSettings } from '@/api/types'
import { decimalsOf } from '@/components/money'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

interface SettingsFormProps {
  slug: string
  settings: TaskSettings
  /** How many worked pairs the text that is shown now has. */
  pairs: number
  /** Forget what was typed, and show what is there now. */
  onReload: () => void
}

/** Who may take the task, how often, for how much, and how the policies answer in it. */
export function SettingsForm({ slug, settings, pairs, onReload }: SettingsFormProps) {
  const change = useChangeTaskSettings(slug)
  // What the fields were filled from, or what was saved last: not what somebody else has saved since.
  const [opened] = useState(settings.version)
  const version = change.data?.version ?? opened
  const [active, setActive] = useState(settings.active)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    const count = (name: string) => (text(name) === '' ? null : Number(text(name)))
    const currency = text('currency').toUpperCase()
    change.mutate({
      active,
      pass_mark: Number(text('pass_mark')),
      qualification_tries: Number(text('tries')),
      pay_cents: text('pay') === '' ? null : Math.round(Number(text('pay')) * 10 ** decimals(currency)),
      currency,
      assignments_per_day: count('per_day'),
      assignments_per_person: count('per_person'),
      max_turns: Number(text('max_turns')),
      conversations_per_assignment: Number(text('conversations')),
      pair_scope: text('pair_scope') as TaskSettings['pair_scope'],
      max_tokens: Number(text('max_tokens')),
      temperature: Number(text('temperature')),
      version,
    })
  }

  const whole = { type: 'number', min: 1, step: 1, inputMode: 'numeric' } as const
  const pay = settings.pay_cents === null ? '' : settings.pay_cents / 10 ** decimals(settings.currency)
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm" c="dimmed">
          {words.settingsHelp}
        </Text>
        <Switch
          label={words.active}
          checked={active}
          onChange={(event) => setActive(event.currentTarget.checked)}
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            name="pass_mark"
            label={words.passMark}
            description={words.passMarkHelp(pairs)}
            defaultValue={settings.pass_mark}
            {...whole}
            required
          />
          <TextInput
            name="tries"
            label={words.tries}
            description={words.triesHelp}
            defaultValue={settings.qualification_tries}
            {...whole}
            required
          />
          <TextInput
            name="pay"
            label={words.pay}
            description={words.payHelp}
            defaultValue={pay}
            type="number"
            min={0}
            step="any"
            inputMode="decimal"
          />
          <TextInput
            name="currency"
            label={words.currency}
            description={words.currencyHelp}
            defaultValue={settings.currency}
            pattern="[A-Za-z]{3}"
            maxLength={3}
            required
          />
          <TextInput
            name="per_day"
            label={words.perDay}
            description={words.limitHelp}
            defaultValue={settings.assignments_per_day ?? ''}
            {...whole}
          />
          <TextInput
            name="per_person"
            label={words.perPerson}
            description={words.limitHelp}
            defaultValue={settings.assignments_per_person ?? ''}
            {...whole}
          />
          <TextInput
            name="conversations"
            label={words.conversations}
            description={words.conversationsHelp}
            defaultValue={settings.conversations_per_assignment}
            {...whole}
            max={100}
            required
          />
          <TextInput
            name="max_turns"
            label={words.maxTurns}
            description={words.maxTurnsHelp}
            defaultValue={settings.max_turns}
            {...whole}
            max={50}
            required
          />
          <NativeSelect
            name="pair_scope"
            label={words.pairScope}
            description={words.pairScopeHelp}
            defaultValue={settings.pair_scope}
            data={Object.entries(words.pairScopes).map(([value, label]) => ({ value, label }))}
          />
          <TextInput
            name="max_tokens"
            label={words.maxTokens}
            description={words.maxTokensHelp}
            defaultValue={settings.max_tokens}
            {...whole}
            max={4096}
            required
          />
          <TextInput
            name="temperature"
            label={words.temperature}
            description={words.temperatureHelp}
            defaultValue={settings.temperature}
            type="number"
            min={0.05}
            max={2}
            step="any"
            inputMode="decimal"
            required
          />
        </SimpleGrid>
        <ProblemAlert error={change.error} />
        {isOvertaken(change.error) && (
          <Group>
            <Button variant="default" onClick={onReload}>
              {words.reload}
            </Button>
          </Group>
        )}
        <Group>
          <Button type="submit" loading={change.isPending}>
            {words.save}
          </Button>
          <Text size="sm" c="dimmed" role="status">
            {change.isSuccess && words.saved}
          </Text>
        </Group>
      </Stack>
    </form>
  )
}

function isOvertaken(error: Error | null): boolean {
  return error instanceof Problem && error.type === 'changed-meanwhile'
}

/** What is not a currency yet has the usual two; the server says what is wrong with it. */
function decimals(currency: string): number {
  try {
    return decimalsOf(currency)
  } catch {
    return 2
  }
}
