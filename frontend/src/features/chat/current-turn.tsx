import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import { useChoose, useOvertaken, useRetryTurn, useStopTurn } from '@/api/conversations'
import type { Conversation, Turn } from '@/api/types'
import { usePageKeys } from '@/components/page-keys'
import { ProblemAlert } from '@/components/problem-alert'
import { SCALE, type Step, stepOfKey } from '@/components/scale'
import { CandidatePair } from './candidate-pair'
import { Chosen } from './chosen'
import { Dock } from './dock'
import { Failed, Reconnecting, Writing } from './dock-states'
import { StrengthScale } from './strength-scale'
import { HumanMessage } from './transcript'
import classes from './transcript.module.css'
import { useLiveTurn } from './use-live-turn'

const DirectionCheck = lazy(async () => ({ default: (await import('./direction-check')).DirectionCheck }))

interface CurrentTurnProps {
  conversation: Conversation
  turn: Turn
  /** Seconds that the turn before took, if it was written before these eyes. */
  usual: number | null
  onWritten: (seconds: number) => void
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
export function CurrentTurn(props: CurrentTurnProps) {
  const { conversation, turn: row, usual, onWritten, onChosen, onFinish, ending, children } = props
  const live = useLiveTurn(conversation.id, row)
  const { turn } = live
  const choose = useChoose(conversation.id)
  const stop = useStopTurn(conversation.id)
  const retry = useRetryTurn(conversation.id)
  const overtaken = useOvertaken(conversation)
  const [changing, setChanging] = useState(false)
  useDuration(turn.status === 'generating', onWritten)

  // Shown as chosen at once; if the server refuses, the turn is as it was and says why.
  const choice = choose.isPending ? choose.variables : turn.comparison
  const picked = turn.candidates.find((candidate) => candidate.id === choice?.picked)
  const chosen =
    SCALE.find((step) => step.shown === picked?.shown && step.strength === choice?.strength) ?? null
  const changeable = turn.status === 'ready' && (turn.comparison === null || turn.changeable)

  function onChoose(step: Step) {
    const candidate = turn.candidates.find((option) => option.shown === step.shown)
    if (!candidate) return
    setChanging(false)
    choose.mutate({ turn, picked: candidate.id, strength: step.strength })
    onChosen()
  }
  // Also while the scale is folded away, so that a slip is mended with one key.
  usePageKeys(changeable, (event) => {
    const step = stepOfKey(event)
    if (step) onChoose(step)
    return step !== null
  })

  return (
    <>
      <section className={classes.turn} data-current tabIndex={-1}>
        <HumanMessage turn={turn} />
        <CandidatePair conversation={conversation} live={live} pickedId={picked?.id ?? null} />
      </section>
      <Dock>
        <ProblemAlert error={live.error ?? choose.error ?? stop.error ?? retry.error ?? overtaken} />
        {!live.connected && <Reconnecting />}
        {turn.status === 'failed' && ending && children}
        {turn.status === 'failed' && !ending && (
          <Failed
            turn={turn}
            retrying={retry.isPending}
            onRetry={() => retry.mutate(turn.id)}
            onFinish={onFinish}
          />
        )}
        {turn.status === 'generating' && (
          <Writing usual={usual} stopping={stop.isPending} onStop={() => stop.mutate(turn.id)} />
        )}
        {picked && !changing && (
          <>
            <Chosen
              conversation={conversation}
              turn={turn}
              picked={picked}
              strength={choice?.strength ?? null}
              onChange={changeable ? () => setChanging(true) : null}
            />
            {conversation.task.choice_direction === 'pick-better' ? (
              children
            ) : (
              <Suspense>
                <DirectionCheck
                  conversation={conversation}
                  turn={turn}
                  picked={picked}
                  onChange={() => setChanging(true)}
                >
                  {children}
                </DirectionCheck>
              </Suspense>
            )}
          </>
        )}
        {turn.status !== 'failed' && (!picked || changing) && (
          <StrengthScale
            task={conversation.task}
            chosen={chosen}
            disabled={!changeable}
            onChoose={onChoose}
            onKeep={changing ? () => setChanging(false) : null}
          />
        )}
      </Dock>
    </>
  )
}

/** Measures how long the turn is being written while somebody looks. */
function useDuration(running: boolean, onEnd: (seconds: number) => void) {
  const tell = useRef(onEnd)
  useEffect(() => {
    tell.current = onEnd
  })
  useEffect(() => {
    if (!running) return
    const start = performance.now()
    return () => tell.current((performance.now() - start) / 1000)
  }, [running])
}
