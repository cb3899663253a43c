import { Anchor, Button, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { useDownloadOwnData, useEraseOwnData } from '@/api/own-data'
import { useVisit } from '@/api/studies'
import { Dialog } from '@/components/dialog'
import { ProblemAlert } from '@/components/problem-alert'
import { useWords } from '@/i18n/language'
import { Section } from './section'

/** What is stored about oneself: to read, to take along, to have erased. */
export function OwnData() {
  const words = useWords().account
  const download = useDownloadOwnData()
  const [erasing, setErasing] = useState(false)
  return (
    <Section title={words.data}>
      <Anchor component={Link} to="/consent" size="sm">
        {words.consent}
      </Anchor>
      <ProblemAlert error={download.error} />
      <Stack gap={6}>
        <Group>
          <Button variant="default" loading={download.isPending} onClick={() => download.mutate()}>
            {words.download}
          </Button>
        </Group>
        <Text size="sm" c="dimmed" role="status">
          {download.isSuccess ? words.downloaded : words.downloadHelp}
        </Text>
      </Stack>
      <Stack gap={6}>
        <Group>
          <Button variant="outline" color="red" onClick={() => setErasing(true)}>
            {words.erase}
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          {words.eraseHelp}
        </Text>
      </Stack>
      {erasing && <EraseDialog onClose={() => setErasing(false)} />}
    </Section>
  )
}

/** Two steps: what it means, then the password. Participants of crowd platforms have none and confirm instead. */
function EraseDialog({ onClose }: { onClose: () => void }) {
  const { account: words, shared } = useWords()
  const visit = useVisit()
  const erase = useEraseOwnData()
  const navigate = useNavigate()
  const [understood, setUnderstood] = useState(false)
  const hasPassword = !visit.data

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const password = String(new FormData(event.currentTarget).get('password') ?? '')
    erase.mutate(hasPassword ? { password } : { confirm: 'erase' }, { onSuccess: () => navigate('/erased') })
  }

  return (
    <Dialog title={words.eraseTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          {words.eraseWhat.map((sentence) => (
            <Text size="sm" key={sentence}>
              {sentence}
            </Text>
          ))}
          <ProblemAlert error={erase.error} />
          {understood && hasPassword && (
            <PasswordInput
              name="password"
              label={words.password}
              autoComplete="current-password"
              required
              autoFocus
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {shared.cancel}
            </Button>
            {understood ? (
              <Button type="submit" color="red" loading={erase.isPending} key="last">
                {words.eraseLast}
              </Button>
            ) : (
              <Button
                color="red"
                variant="outline"
                loading={visit.isPending}
                onClick={() => setUnderstood(true)}
                key="first"
              >
                {words.eraseFirst}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
