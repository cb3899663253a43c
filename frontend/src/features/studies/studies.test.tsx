import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeServer, problem } from '@/testing/fake-server'
import { openPage } from '@/testing/open-page'
import { offered, session } from '@/testing/rows'

const visit = { status: 'open', provider: 'prolific', code: null, return_url: null }
const completed = {
  ...visit,
  status: 'completed',
  code: 'DONE1',
  return_url: 'https://app.prolific.com/submissions/complete?cc=DONE1',
}
const study = { id: 's1', task: 'helpfulness', provider: 'prolific' }

let server: FakeServer

beforeEach(() => {
  server = new FakeServer({
    'GET /session': session(),
    'GET /tasks': [offered(), offered({ slug: 'other', title: 'Another task' })],
    'GET /assignments': [],
    'GET /visits/current': visit,
    'GET /messages/unread': { count: 0 },
    'POST /studies/enter': { ...session(), ...visit, study },
  })
})

describe('a link from Prolific', () => {
  const link = '/study?PROLIFIC_PID=p1&STUDY_ID=st1&SESSION_ID=se1'

  it('signs the participant in and leads to the task of the study alone', async () => {
    openPage(link)
    expect(await screen.findByRole('button', { name: 'Start' })).toBeVisible()
    expect(screen.queryByText('Another task')).not.toBeInTheDocument()
    expect(server.bodies('POST /studies/enter')).toEqual([
      { provider: 'prolific', study: 'st1', participant: 'p1', session: 'se1' },
    ])
  })

  it('opened again at the end shows the code and the way back', async () => {
    server
      .on('POST /studies/enter', { ...session(), ...completed, study })
      .on('GET /visits/current', completed)
    openPage(link)
    expect(await screen.findByText('DONE1')).toBeVisible()
    expect(screen.getByRole('link', { name: 'Back to Prolific' })).toHaveAttribute(
      'href',
      completed.return_url,
    )
  })

  it('without its parameters says what is missing', async () => {
    server.on('POST /studies/enter', ({ body }: { body: unknown }) => {
      expect(body).toEqual({ provider: 'prolific', study: 'st1', participant: '', session: '' })
      return problem(422, 'link-incomplete', 'The link lacks PROLIFIC_PID; please open the study again.')
    })
    openPage('/study?STUDY_ID=st1')
    expect(await screen.findByRole('alert')).toHaveTextContent('The link lacks PROLIFIC_PID')
    expect(screen.queryByRole('button', { name: 'Try again' })).not.toBeInTheDocument()
  })

  it('does not take the browser from somebody else without asking', async () => {
    let signedIn = true
    server
      .on('POST /studies/enter', () =>
        signedIn
          ? problem(409, 'signed-in-already', 'You are signed in here as “ada”.')
          : { ...session(), ...visit, study },
      )
      .on('DELETE /session', () => {
        signedIn = false
        return null
      })
    const { user } = openPage(link)
    await user.click(await screen.findByRole('button', { name: 'Sign out and open the study' }))
    expect(await screen.findByRole('button', { name: 'Start' })).toBeVisible()
  })
})

describe('the page in the frame of MTurk', () => {
  const frame = {
    preview: true,
    title: 'Get help',
    instructions: 'Ask away.',
    entry_url: null,
    submit_url: null,
  }

  it('has nothing to open or send in the preview', async () => {
    server.on('GET /studies/mturk', ({ url }: { url: URL }) => {
      expect(url.searchParams.get('assignmentId')).toBe('ASSIGNMENT_ID_NOT_AVAILABLE')
      return frame
    })
    openPage('/mturk?study=s1&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE')
    expect(await screen.findByText(/This is a preview/)).toBeVisible()
    expect(screen.queryByRole('button')).not.toBeInTheDocument()
  })

  it('opens the study in a tab of its own and hands the code to MTurk', async () => {
    server.on('GET /studies/mturk', {
      ...frame,
      preview: false,
      entry_url: '/study?token=abc',
      submit_url: 'https://www.mturk.com/mturk/externalSubmit',
    })
    const { container } = openPage('/mturk?study=s1&assignmentId=a1&workerId=w1')
    const open = await screen.findByRole('link', { name: /Open the study in a new tab/ })
    expect(open).toHaveAttribute('href', '/study?token=abc')
    expect(open).toHaveAttribute('target', '_blank')
    const form = container.querySelector('form') as HTMLFormElement
    expect(form).toHaveAttribute('action', 'https://www.mturk.com/mturk/externalSubmit')
    expect(Object.fromEntries(new FormData(form))).toEqual({ assignmentId: 'a1', code: '' })
  })

  it('hands over its token in the tab', async () => {
    openPage('/study?token=abc')
    await waitFor(() =>
      expect(server.bodies('POST /studies/enter')).toEqual([{ provider: 'mturk', token: 'abc' }]),
    )
  })
})

it('researchers see the address and the codes of a study, and add one', async () => {
  const row = {
    id: 's1',
    provider: 'prolific',
    external_id: 'st1',
    task: 'helpfulness',
    code_completed: 'DONE1',
    code_screened_out: 'OUT1',
    code_withdrawn: 'GONE1',
    active: true,
    entry_url: 'https://turnwise.example/study?PROLIFIC_PID={{%PROLIFIC_PID%}}',
    visits: { open: 1, completed: 7, screened_out: 2, withdrawn: 0 },
    created_at: '2026-11-24T08:00:00Z',
  }
  server
    .on('GET /session', session({ role: 'researcher' }))
    .on('GET /studies', [row])
    .on('POST /studies', row)
  const { user } = openPage('/admin/studies')
  expect(await screen.findByText(row.entry_url)).toBeVisible()
  expect(screen.getByText('1 open · 7 completed · 2 screened out · 0 withdrawn')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Add a study' }))
  await user.type(screen.getByLabelText(/study’s id there/), 'st2')
  await user.type(screen.getByRole('textbox', { name: /Completed/ }), 'C2')
  await user.type(screen.getByRole('textbox', { name: /Screened out/ }), 'S2')
  await user.type(screen.getByRole('textbox', { name: /Withdrawn/ }), 'W2')
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await waitFor(() =>
    expect(server.bodies('POST /studies')).toEqual([
      {
        provider: 'prolific',
        external_id: 'st2',
        task: 'helpfulness',
        code_completed: 'C2',
        code_screened_out: 'S2',
        code_withdrawn: 'W2',
        active: true,
      },
    ]),
  )
})
