import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import type { Conversation } from '@/api/types'
import { useWords } from '@/i18n/language'
import classes from './chat-page.module.css'
import { Composer } from './composer'
import { CurrentTurn } from './current-turn'
import { Dock } from './dock'
import { useFetchLater } from './later'
import { Opening } from './opening'
import { PastTurn } from './transcript'

// What a conversation does not begin with.
const RedTeaming = lazy(async () => ({ default: (await import('./red-teaming')).RedTeaming }))
const PlanForm = lazy(async () => ({ default: (await import('./plan-form')).PlanForm }))
const FinishForm = lazy(async () => ({ default: (await import('./finish-form')).FinishForm }))

/** The turns behind, the current one, and what can be done now. */
export function ConversationView({ conversation }: { conversation: Conversation }) {
  const words = useWords().chat
  const { task, turns } = conversation
  const field = useRef<HTMLTextAreaElement | null>(null)
  const fieldWanted = useRef(false)
  const thread = useRef<HTMLDivElement>(null)
  const [finishing, setFinishing] = useState(false)
  const [usual, setUsual] = useState<number | null>(null)

  const current = turns.at(-1)
  const full = turns.length >= task.max_turns
  const failed = current?.status === 'failed'
  const redTeam = task.kind === 'red-team'
  const chosenOnce = turns.some((turn) => turn.comparison)
  useFetchLater(chosenOnce)

  // A new turn is brought to the top once, and is where reading and keys go on; then the page stays where it was put.
  const atFirst = useRef(current?.id)
  useEffect(() => {
    if (!current?.id) return
    const turn = thread.current?.querySelector<HTMLElement>('[data-current]')
    turn?.scrollIntoView({ block: 'start' })
    if (current.id !== atFirst.current) turn?.focus({ preventScroll: true })
  }, [current?.id])

  // After a choice the next thing is the next message: in the box that is there, or in the one that is about to appear.
  // Where there is no keyboard the screen's own would jump up and hide the responses.
  function toField() {
    if (window.matchMedia('(pointer: coarse)').matches) return
    if (field.current) field.current.focus({ preventScroll: true })
    else fieldWanted.current = true
  }
  const fieldRef = useCallback((element: HTMLTextAreaElement | null) => {
    field.current = element
    if (element && fieldWanted.current) {
      fieldWanted.current = false
      element.focus({ preventScroll: true })
    }
  }, [])

  // Word by word would be unbearable to listen to; this says only when the writing begins and when there is something
  // to do. The element is there from the start: what appears together with its text is not announced.
  const announcement =
    current?.status === 'generating'
      ? words.streaming
      : current?.status === 'ready' && current.comparison === null
        ? words.bothComplete
        : ''

  return (
    <div ref={thread} className={classes.turns}>
      <div role="status" className={classes.announcement}>
        {announcement}
      </div>
      {redTeam && (
        <Suspense>
          <RedTeaming conversation={conversation} />
        </Suspense>
      )}
      {turns.slice(0, -1).map((turn) => (
        <PastTurn key={turn.id} conversation={conversation} turn={turn} />
      ))}
      {current ? (
        <CurrentTurn
          key={current.id}
          conversation={conversation}
          turn={current}
          usual={usual}
          onWritten={setUsual}
          onChosen={toField}
          onFinish={chosenOnce ? () => setFinishing(true) : null}
          ending={finishing}
        >
          {full || finishing ? (
            <Suspense>
              <FinishForm
                conversation={conversation}
                onBack={
                  full && !failed
                    ? null
                    : () => {
                        setFinishing(false)
                        toField()
                      }
                }
              />
            </Suspense>
          ) : (
            <Composer conversation={conversation} fieldRef={fieldRef} onFinish={() => setFinishing(true)} />
          )}
        </CurrentTurn>
      ) : redTeam && !conversation.red_team_plan ? (
        <Suspense>
          <PlanForm conversationId={conversation.id} />
        </Suspense>
      ) : (
        <>
          <Opening task={task} />
          <Dock>
            <Composer conversation={conversation} fieldRef={fieldRef} onFinish={null} />
          </Dock>
        </>
      )}
    </div>
  )
}
