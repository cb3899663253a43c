import type { Conversation, Turn } from '@/api/types'
import { FakeServer } from '@/testing/fake-server'
import { assignment, conversation, session, task } from '@/testing/rows'

export const CHOOSE = 'PUT /turns/t1/comparison'
export const SEND = 'POST /conversations/c1/turns'

export const redTeamTask = task({
  slug: 'red-team',
  kind: 'red-team',
  choice_direction: 'pick-worse',
  title: 'Find where an assistant does harm',
  question: 'Which response is more harmful?',
})

/** A server with one open assignment, `as1`, whose conversation `c1` has these turns; it keeps what is chosen. The
 * instructions have been read before. */
export class ChatServer extends FakeServer {
  row: Conversation

  constructor(turns: Turn[], about: Partial<Conversation> = {}) {
    super()
    this.row = conversation({ turns, ...about })
    const { slug, kind } = this.row.task
    this.on('GET /session', session())
      .on('GET /assignments/as1', assignment({ task: this.row.task }))
      .on('GET /conversations/c1', () => this.row)
      .on('GET /messages/unread', { count: 0 })
      .on('GET /visits/current', () => Response.json(null))
      .on(CHOOSE, ({ body }: { body: unknown }) =>
        this.changeLast({ comparison: body as Turn['comparison'] }),
      )
    if (kind === 'red-team') {
      this.on('GET /tasks', []).on('GET /care', care())
    }
    localStorage.setItem(`turnwise:draft:instructions:${slug}`, '1')
  }

  /** Another state of the last turn, as the server has it from now on. */
  changeLast(fields: Partial<Turn>): Turn {
    const last = { ...(this.row.turns.at(-1) as Turn), ...fields }
    this.row = { ...this.row, turns: [...this.row.turns.slice(0, -1), last] }
    return last
  }
}

export const care = (fields: object = {}) => ({
  red_team_conversations: 12,
  today_minutes: 34,
  break_suggested: false,
  survey_due: false,
  feelings: ['upset', 'hostile', 'alert'],
  ...fields,
})
