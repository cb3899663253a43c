import { Button, Group, NativeSelect, NumberInput, Paper, Stack, Text, Title } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useSnapshotNames } from '@/api/snapshots'
import { PageHead } from '@/components/page-head'
import { TextArea } from '@/components/text-area'
import { DialogueView } from './dialogue-view'
import classes from './playground.module.css'
import { useDialogue } from './use-dialogue'
import { words } from './words'

/** Talk to one or two policies; the address says to which, and nothing says what was said. */
export function PlaygroundPage() {
  const [address] = useSearchParams()
  const first = address.get('a') ?? 'initial'
  const second = address.get('b')
  return <Talk key={`${first} ${second}`} first={first} second={second} />
}

function Talk({ first, second }: { first: string; second: string | null }) {
  const a = useDialogue(first)
  const b = useDialogue(second ?? '')
  const both = second === null ? [a] : [a, b]
  const [text, setText] = useState('')
  const [maxTokens, setMaxTokens] = useState<number | string>(128)
  const [temperature, setTemperature] = useState<number | string>(1)
  const isBusy = both.some((dialogue) => dialogue.isBusy)

  function send(event?: FormEvent) {
    event?.preventDefault()
    const said = text.trim()
    if (said === '' || isBusy) return
    const sampling = { maxTokens: Number(maxTokens) || 128, temperature: Number(temperature) }
    for (const dialogue of both) void dialogue.say(said, sampling)
    setText('')
  }

  function stop() {
    for (const dialogue of both) dialogue.stop()
  }

  function forget() {
    for (const dialogue of both) dialogue.forget()
  }

  return (
    <Stack gap="lg">
      <PageHead title={words.title} lead={words.lead} />
      <Group align="flex-end">
        <Who first={first} second={second} />
        <NumberInput
          label={words.maxTokens}
          value={maxTokens}
          onChange={setMaxTokens}
          min={1}
          max={512}
          clampBehavior="strict"
          allowDecimal={false}
          w={130}
        />
        <NumberInput
          label={words.temperature}
          value={temperature}
          onChange={setTemperature}
          min={0}
          max={2}
          step={0.1}
          clampBehavior="strict"
          w={120}
        />
      </Group>
      <div className={classes.panes}>
        {both.map((dialogue, at) => {
          const name = at === 0 ? first : (second ?? '')
          return (
            <Paper
              // biome-ignore lint/suspicious/noArrayIndexKey: the first and the second
              key={at}
              withBorder
              component="section"
              aria-label={first === second ? words.pane(name, at + 1) : name}
              className={classes.pane}
            >
              <Title order={2} size="h5">
                {name}
              </Title>
              <DialogueView exchanges={dialogue.exchanges} name={name} />
            </Paper>
          )
        })}
      </div>
      <form onSubmit={send}>
        <Stack gap="xs">
          <TextArea
            label={words.message}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
                event.preventDefault()
                send()
              }
            }}
          />
          <Group justify="space-between">
            <Text size="xs" c="dimmed">
              {second !== null && words.ownDialogue}
            </Text>
            <Group gap="xs">
              {a.exchanges.length > 0 && (
                <Button variant="subtle" onClick={forget}>
                  {words.again}
                </Button>
              )}
              {isBusy ? (
                <Button color="orange" onClick={stop}>
                  {words.stop}
                </Button>
              ) : (
                <Button type="submit" disabled={text.trim() === ''}>
                  {words.send}
                </Button>
              )}
            </Group>
          </Group>
        </Stack>
      </form>
    </Stack>
  )
}

/** Choosing another policy begins a new dialogue. */
function Who({ first, second }: { first: string; second: string | null }) {
  const [, setAddress] = useSearchParams()
  const names = (useSnapshotNames().data ?? []).filter((row) => row.kind === 'policy').map((row) => row.name)
  const choices = names.includes(first) ? names : [first, ...names]
  const go = (a: string, b: string) => setAddress(b ? { a, b } : { a }, { replace: true })
  return (
    <>
      <NativeSelect
        label={words.first}
        data={choices}
        value={first}
        onChange={(event) => go(event.currentTarget.value, second ?? '')}
      />
      <NativeSelect
        label={words.second}
        data={[{ value: '', label: words.nobody }, ...names]}
        value={second ?? ''}
        onChange={(event) => go(first, event.currentTarget.value)}
      />
    </>
  )
}
