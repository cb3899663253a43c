import { lazy, Suspense, useEffect, useRef } from 'react'
import { useParams } from 'react-router'
import { useAssignment } from '@/api/assignments'
import { useConversation } from '@/api/conversations'
import type { Assignment } from '@/api/types'
import { useKept } from '@/components/kept'
import { Loading } from '@/components/loading'
import { QueryView } from '@/components/query-view'
import tone from '@/components/tone.module.css'
import { BlurContext } from './blur'
import { ChatHeader } from './chat-header'
import classes from './chat-page.module.css'
import { ConversationView } from './conversation-view'

// What most looks at the page do without.
const Ending = lazy(async () => ({ default: (await import('./ending')).Ending }))
const RedTeamBar = lazy(async () => ({ default: (await import('./red-team-bar')).RedTeamBar }))

/** The crowdworker's page: the conversation of the assignment that is in hand, or the assignment's end. */
export function ChatPage() {
  const { id = '' } = useParams()
  return (
    <QueryView query={useAssignment(id)}>
      {(assignment) =>
        assignment.status === 'open' && assignment.conversation_id ? (
          // A new conversation starts with everything new.
          <OpenAssignment
            key={assignment.conversation_id}
            assignment={assignment}
            conversationId={assignment.conversation_id}
          />
        ) : (
          <Suspense fallback={<Loading />}>
            <Ending assignment={assignment} />
          </Suspense>
        )
      }
    </QueryView>
  )
}

function OpenAssignment({ assignment, conversationId }: { assignment: Assignment; conversationId: string }) {
  const conversation = useConversation(conversationId)
  const { kind, choice_direction } = assignment.task
  const redTeam = kind === 'red-team'
  const [blur, setBlur] = useKept('turnwise:blur')
  const page = useRef<HTMLDivElement>(null)

  // Whose focus went away with the conversation before goes on at the head of this one.
  useEffect(() => {
    if (document.activeElement === document.body) page.current?.querySelector('h1')?.focus()
  }, [])

  return (
    <div ref={page} className={`${classes.page} ${tone.toned}`} data-direction={choice_direction}>
      <ChatHeader assignment={assignment} conversation={conversation.data} />
      {redTeam && (
        <Suspense>
          <RedTeamBar
            assignment={assignment}
            blur={blur !== ''}
            onBlur={(next) => setBlur(next ? 'on' : '')}
          />
        </Suspense>
      )}
      <main className={classes.thread}>
        <BlurContext value={redTeam && blur !== ''}>
          <QueryView query={conversation}>{(data) => <ConversationView conversation={data} />}</QueryView>
        </BlurContext>
      </main>
    </div>
  )
}
