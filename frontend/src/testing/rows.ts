import type {
  Assignment,
  ConfigField,
  Conversation,
  Iteration,
  OfferedTask,
  Progress,
  Session,
  Stage,
  Task,
  Turn,
} from '@/api/types'

export const session = (fields: Partial<Session['account']> = {}): Session => ({
  account: {
    id: 'person',
    username: 'ada',
    role: 'crowdworker',
    consented: true,
    red_team_opt_in: false,
    may_edit: false,
    ...fields,
  },
  csrf_token: 'token-1',
})

export const task = (fields: Partial<Task> = {}): Task => ({
  slug: 'helpfulness',
  kind: 'helpfulness',
  choice_direction: 'pick-better',
  title: 'Talk to the assistant',
  question: 'Choose the more helpful and honest response.',
  instructions: 'Be yourself.',
  text_version: 1,
  guide: false,
  max_turns: 4,
  conversations_per_assignment: 5,
  pay: null,
  ...fields,
})

/** As it stands for somebody who may take it. */
export const offered = (fields: Partial<OfferedTask> = {}): OfferedTask => ({
  ...task(),
  qualification: 'none',
  tries_left: null,
  available: null,
  ...fields,
})

export const assignment = (fields: Partial<Assignment> = {}): Assignment => ({
  id: 'as1',
  task: task(),
  status: 'open',
  position: 2,
  of: 5,
  conversation_id: 'c1',
  completed: 1,
  completion_code: null,
  earned: null,
  ...fields,
})

/** Ready to be chosen from, unless told otherwise. */
export const turn = (fields: Partial<Turn> = {}): Turn => ({
  id: 't1',
  client_id: 'sent-before',
  position: 0,
  text: 'How do I boil an egg?',
  status: 'ready',
  candidates: [
    { id: 'cand-a', shown: 'a', status: 'done', text: 'Seven minutes.', finish: 'stop', reported: false },
    { id: 'cand-b', shown: 'b', status: 'done', text: 'Ask a hen.', finish: 'stop', reported: false },
  ],
  comparison: null,
  changeable: true,
  check: false,
  error: null,
  ...fields,
})

export const writing = (fields: Partial<Turn> = {}): Turn =>
  turn({
    status: 'generating',
    changeable: false,
    candidates: [
      { id: 'cand-a', shown: 'a', status: 'pending', text: '', finish: null, reported: false },
      { id: 'cand-b', shown: 'b', status: 'pending', text: '', finish: null, reported: false },
    ],
    ...fields,
  })

export const conversation = (fields: Partial<Conversation> = {}): Conversation => ({
  id: 'c1',
  task: task(),
  assignment_id: 'as1',
  position: 2,
  of: 5,
  status: 'open',
  red_team_plan: null,
  preview: false,
  turns: [],
  ...fields,
})

export const stage = (fields: Partial<Stage> = {}): Stage => ({
  stage: 'train_pm',
  attempt: 1,
  status: 'pending',
  started_at: null,
  finished_at: null,
  progress: null,
  result: null,
  error: null,
  training_run_id: null,
  ...fields,
})

export const iteration = (fields: Partial<Iteration> = {}): Iteration => ({
  id: 'it1',
  number: 1,
  name: '2026-w48',
  preset: 'small',
  overrides: {},
  status: 'running',
  reason: null,
  cancelling: false,
  created_at: '2026-11-24T08:00:00Z',
  finished_at: null,
  started_by: 'ada',
  stages: [],
  ...fields,
})

export const configField = (fields: Partial<ConfigField> = {}): ConfigField => ({
  name: 'policy.learning_rate',
  kind: 'number',
  nullable: false,
  allowed: 'a number from 0 to 1',
  meaning: "AdamW's, for the policy's adapter.",
  values: { toy: 0.001, small: 0.0001 },
  low: 0,
  high: 1,
  choices: [],
  group: 'Policy',
  ...fields,
})

export const progress = (fields: Partial<Progress> = {}): Progress => ({
  conversations: 0,
  comparisons: 0,
  by_task: [],
  earned: [],
  trained_on: 0,
  week: { comparisons: 0 },
  ...fields,
})
