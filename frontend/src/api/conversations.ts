import { type QueryClient, useIsMutating, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { assignmentKey, assignmentsKey, careKey, visitKey } from '@/api/assignments'
import { answer, api } from '@/api/client'
import { isPassing } from '@/api/problem'
import type { Completion, Conversation, NewTurn, ReportReason, Turn } from '@/api/types'

const conversationKey = (id: string) => ['conversations', id] as const

export function useConversation(id: string) {
  return useQuery({
    queryKey: conversationKey(id),
    queryFn: () =>
      answer(
        api.GET('/api/v1/conversations/{conversation_id}', { params: { path: { conversation_id: id } } }),
      ),
  })
}

const turnsKey = (conversationId: string) => ['turns', conversationId] as const

/** Puts a turn, as the server just told it, into its conversation. */
export function keepTurn(client: QueryClient, conversationId: string, turn: Turn): void {
  client.setQueryData<Conversation>(conversationKey(conversationId), (conversation) => {
    if (!conversation) return conversation
    const earlier = conversation.turns.filter((row) => row.id !== turn.id)
    return { ...conversation, turns: [...earlier, turn].sort((one, two) => one.position - two.position) }
  })
}

/** One request at a time per conversation: a message can never overtake the choice before it. */
const inOrder = (conversationId: string) => ({ id: `conversation:${conversationId}` })

/** Each of these requests may arrive twice without harm, so silence is answered by trying again. */
const unanswered = (failures: number, error: Error) => isPassing(error) && failures < 4

function useTurnMutation<Input>(conversationId: string, request: (input: Input) => Promise<Turn>) {
  const client = useQueryClient()
  return useMutation({
    mutationKey: turnsKey(conversationId),
    scope: inOrder(conversationId),
    mutationFn: request,
    retry: unanswered,
    onMutate: () => ({
      current: client.getQueryData<Conversation>(conversationKey(conversationId))?.turns.at(-1)?.id,
    }),
    onSuccess: (turn) => keepTurn(client, conversationId, turn),
    // The server knows better than this tab: another device may have gone on, or ended it all.
    onError: () => {
      for (const queryKey of [assignmentsKey, conversationKey(conversationId)])
        void client.invalidateQueries({ queryKey })
    },
  })
}

/** Whether something of this conversation, a choice say, is on its way and may not be stored yet. */
export function useUnderWay(conversationId: string): boolean {
  const { id } = inOrder(conversationId)
  return useIsMutating({ predicate: ({ options }) => options.scope?.id === id }) > 0
}

/** Why the last thing that was tried here was refused, if the turn it was tried with is no longer the current one:
 * another device had gone on, and with the turn went the place where its error would be read. */
export function useOvertaken({ id, turns }: Conversation): Error | null {
  const tried = useQueryClient()
    .getMutationCache()
    .findAll({ mutationKey: turnsKey(id) })
    .at(-1)?.state
  const context = tried?.context as { current?: string } | undefined
  return context?.current === turns.at(-1)?.id ? null : (tried?.error ?? null)
}

export function useSendMessage(conversationId: string) {
  return useTurnMutation(conversationId, (body: NewTurn) =>
    answer(
      api.POST('/api/v1/conversations/{conversation_id}/turns', {
        params: { path: { conversation_id: conversationId } },
        body,
      }),
    ),
  )
}

export function useStopTurn(conversationId: string) {
  return useTurnMutation(conversationId, (turnId: string) =>
    answer(api.POST('/api/v1/turns/{turn_id}/stop', { params: { path: { turn_id: turnId } } })),
  )
}

export function useRetryTurn(conversationId: string) {
  return useTurnMutation(conversationId, (turnId: string) =>
    answer(api.POST('/api/v1/turns/{turn_id}/retry', { params: { path: { turn_id: turnId } } })),
  )
}

export interface Choice {
  turn: Turn
  picked: string
  strength: number
}

export function useChoose(conversationId: string) {
  return useTurnMutation(conversationId, ({ turn, picked, strength }: Choice) =>
    answer(
      api.PUT('/api/v1/turns/{turn_id}/comparison', {
        params: { path: { turn_id: turn.id } },
        body: { picked, strength },
      }),
    ),
  )
}

/** One's own words in the place of one response; `null` takes them back. */
export function useEdit(conversationId: string) {
  return useTurnMutation(
    conversationId,
    ({ turn, edit }: { turn: Turn; edit: { candidate: string; text: string } | null }) => {
      const path = { params: { path: { turn_id: turn.id } } }
      return edit
        ? answer(api.PUT('/api/v1/turns/{turn_id}/edit', { ...path, body: edit }))
        : answer(api.DELETE('/api/v1/turns/{turn_id}/edit', path))
    },
  )
}

/** Says again which of the two one picked, where a task asks for the worse. */
export function useCheck(conversationId: string) {
  const client = useQueryClient()
  return useMutation({
    scope: inOrder(conversationId),
    mutationFn: ({ turn, picks }: { turn: Turn; picks: 'better' | 'worse' }) =>
      answer(
        api.POST('/api/v1/turns/{turn_id}/check', {
          params: { path: { turn_id: turn.id } },
          body: { picks },
        }),
      ),
    onSuccess: (_, { turn }) => keepTurn(client, conversationId, { ...turn, check: false }),
  })
}

/** Points a response out to the researchers. */
export function useReport(conversationId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({
      candidate,
      ...body
    }: {
      candidate: string
      reason: ReportReason
      comment: string | null
    }) =>
      answer(
        api.POST('/api/v1/candidates/{candidate_id}/report', {
          params: { path: { candidate_id: candidate } },
          body,
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: conversationKey(conversationId) }),
  })
}

export function usePlan(conversationId: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (plan: string) =>
      answer(
        api.PUT('/api/v1/conversations/{conversation_id}/plan', {
          params: { path: { conversation_id: conversationId } },
          body: { red_team_plan: plan },
        }),
      ),
    onSuccess: (conversation) => client.setQueryData(conversationKey(conversationId), conversation),
  })
}

/** Ends the conversation; the assignment that comes back has the next one, or the completion code. */
export function useComplete(conversationId: string) {
  const client = useQueryClient()
  return useMutation({
    scope: inOrder(conversationId),
    retry: unanswered,
    mutationFn: (body: Completion) =>
      answer(
        api.POST('/api/v1/conversations/{conversation_id}/complete', {
          params: { path: { conversation_id: conversationId } },
          body,
        }),
      ),
    onSuccess: (assignment) => {
      client.setQueryData(assignmentKey(assignment.id), assignment)
      void client.invalidateQueries({ queryKey: assignmentsKey, exact: true })
      void client.invalidateQueries({ queryKey: visitKey })
      void client.invalidateQueries({ queryKey: careKey })
    },
  })
}
