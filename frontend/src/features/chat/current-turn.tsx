import { Button, Group, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useChoose, useRetryTurn, useStopTurn } from '@/api/conversations'
import type { Conversation, Turn } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { CandidatePair } from './candidate-pair'
import page from './chat-page.module.css'
import { SCALE, type Step, stepOfKey, usePageKeys } from './choice-keys'
import { Dock } from './dock'
import { chose } from './say'
import { StrengthScale } from './strength-scale'
import { HumanMessage } from './transcript'
import classes from './transcript.module.css'
import { useLiveTurn } from './use-live-turn'

interface CurrentTurnProps {
  conversation: Conversation
  turn: Turn
  /** Called when a choice was made, so that the next message can be written at once. */
  onChosen: () => void
  /** Set while the conversation can be finished from a turn that failed: something was chosen before it. */
  onFinish: (() => void) | null
  /** Whether what follows is the end of the conversation, which a failed turn does not stop. */
  ending: boolean
  /** What follows a choice: the message box, or the end of the conversation. */
  children: ReactNode
}

/** The last turn: written, then chosen, and the choice can be changed until the next message is sent. */
export function CurrentTurn({
  conversation,
  turn: row,
  onChosen,
  onFinish,
  ending,
  children,
}: CurrentTurnProps) {
  const words = useWords().chat
  const { task } = conversation
  const live = useLiveTurn(conversation.id, row)
  const { turn } = live
  const choose = useChoose(conversation.id)
  const stop = useStopTurn(conversation.id)
  const retry = useRetryTurn(conversation.id)
  const [changing, setChanging] = useState(false)

  // Shown as chosen at once; if the server refuses, the turn is as it was and says why.
  const choice = choose.isPending ? choose.variables : turn.comparison
  const picked = turn.candidates.find((candidate) => candidate.id === choice?.picked)
  const chosen =
    SCALE.find((step) => step.shown === picked?.shown && step.strength === choice?.strength) ?? null

  function onChoose(step: Step) {
    const candidate = turn.candidates.find((option) => option.shown === step.shown)
    if (!candidate) return
    setChanging(false)
    choose.mutate({ turn, picked: candidate.id, strength: step.strength })
    onChosen()
  }

  const changeable = turn.status === 'ready' && (turn.comparison === null || turn.changeable)
  const decided = picked !== undefined
  // Also while the scale is folded away, so that a slip is mended with one key.
  usePageKeys(changeable, (event) => {
    const step = stepOfKey(event)
    if (step) onChoose(step)
    return step !== null
  })

  return (
    <>
      <section className={classes.turn} data-current>
        <HumanMessage text={turn.text} />
        <CandidatePair task={task} live={live} pickedId={picked?.id ?? null} />
      </section>
      <Dock>
        <ProblemAlert error={live.error ?? choose.error ?? stop.error ?? retry.error} />
        {!live.connected && (
          <Text size="sm" role="status">
            {words.reconnecting}
          </Text>
        )}
        {turn.status === 'failed' && ending && children}
        {turn.status === 'failed' && !ending && (
          <Group justify="space-between">
            <Text size="sm" role="alert">
              {turn.error ?? words.failed}
            </Text>
            <Group gap="xs">
              {onFinish && (
                <Button variant="default" onClick={onFinish}>
                  {words.finish}
                </Button>
              )}
              <Button loading={retry.isPending} onClick={() => retry.mutate(turn.id)}>
                {words.retry}
              </Button>
            </Group>
          </Group>
        )}
        {turn.status === 'generating' && (
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              {words.streaming}
            </Text>
            <Button variant="default" loading={stop.isPending} onClick={() => stop.mutate(turn.id)}>
              {words.stop}
            </Button>
          </Group>
        )}
        {decided && !changing && (
          <>
            <Group gap="xs">
              <Text size="sm" fw={600} role="status">
                {chose(words, picked.shown, choice?.strength ?? null)}
              </Text>
              {changeable && (
                <>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    className={page.tonedText}
                    onClick={() => setChanging(true)}
                  >
                    {words.change}
                  </Button>
                  <Text size="xs" c="dimmed" visibleFrom="sm">
                    {words.changeByKey}
                  </Text>
                </>
              )}
            </Group>
            {children}
          </>
        )}
        {turn.status !== 'failed' && (!decided || changing) && (
          <StrengthScale task={task} chosen={chosen} disabled={!changeable} onChoose={onChoose} />
        )}
        {changing && (
          <Group justify="center">
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setChanging(false)}>
              {words.keep}
            </Button>
          </Group>
        )}
      </Dock>
    </>
  )
}
