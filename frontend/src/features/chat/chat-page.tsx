import { useParams } from 'react-router'
import { useAssignment } from '@/api/assignments'
import { useConversation } from '@/api/conversations'
import type { Assignment } from '@/api/types'
import { QueryView } from '@/components/query-view'
import { ChatHeader } from './chat-header'
import classes from './chat-page.module.css'
import { ConversationView } from './conversation-view'
import { Ending } from './ending'
import { OfflineNote } from './offline-note'

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
          <Ending assignment={assignment} />
        )
      }
    </QueryView>
  )
}

function OpenAssignment({ assignment, conversationId }: { assignment: Assignment; conversationId: string }) {
  const conversation = useConversation(conversationId)
  return (
    <div className={classes.page} data-direction={assignment.task.choice_direction}>
      <ChatHeader assignment={assignment} conversation={conversation.data} />
      <OfflineNote />
      <main className={classes.thread}>
        <QueryView query={conversation}>{(data) => <ConversationView conversation={data} />}</QueryView>
      </main>
    </div>
  )
}
