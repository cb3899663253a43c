import { useCallback, useEffect, useRef, useState } from 'react'
import type { Conversation } from '@/api/types'
import classes from './chat-page.module.css'
import { Composer } from './composer'
import { CurrentTurn } from './current-turn'
import { Dock } from './dock'
import { FinishForm } from './finish-form'
import { PlanForm } from './plan-form'
import { PastTurn } from './transcript'

/** The turns behind, the current one, and what can be done now. */
export function ConversationView({ conversation }: { conversation: Conversation }) {
  const { task, turns } = conversation
  const field = useRef<HTMLTextAreaElement | null>(null)
  const fieldWanted = useRef(false)
  const thread = useRef<HTMLDivElement>(null)
  const [finishing, setFinishing] = useState(false)

  const current = turns.at(-1)
  const full = turns.length >= task.max_turns
  const failed = current?.status === 'failed'

  // A new turn is brought to the top once; then the page stays where the reader has put it.
  useEffect(() => {
    if (current?.id) thread.current?.querySelector('[data-current]')?.scrollIntoView({ block: 'start' })
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

  if (!current && task.kind === 'red-team' && !conversation.red_team_plan) {
    return <PlanForm conversationId={conversation.id} />
  }
  if (!current) {
    return (
      <Dock>
        <Composer conversation={conversation} fieldRef={fieldRef} onFinish={null} />
      </Dock>
    )
  }
  return (
    <div ref={thread} className={classes.turns}>
      {turns.slice(0, -1).map((turn) => (
        <PastTurn key={turn.id} turn={turn} />
      ))}
      <CurrentTurn
        key={current.id}
        conversation={conversation}
        turn={current}
        onChosen={toField}
        onFinish={turns.some((turn) => turn.comparison) ? () => setFinishing(true) : null}
        ending={finishing}
      >
        {full || finishing ? (
          <FinishForm
            conversation={conversation}
            onBack={full && !failed ? null : () => setFinishing(false)}
          />
        ) : (
          <Composer conversation={conversation} fieldRef={fieldRef} onFinish={() => setFinishing(true)} />
        )}
      </CurrentTurn>
    </div>
  )
}
