import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useVisit } from '@/api/studies'
import type { Assignment } from '@/api/types'
import { CardPage } from '@/components/card-page'
import { money } from '@/components/money'
import { StudyCode } from '@/components/study-code'
import { useLanguage } from '@/i18n/language'
import { WellBeing } from './well-being'

/** After the last conversation: the completion code. After stopping: thanks all the same. Either way what was earned,
 * and for participants of a study the platform's code instead of ours. */
export function Ending({ assignment }: { assignment: Assignment }) {
  const { words: all, language } = useLanguage()
  const { ending: words, shared } = all
  const visit = useVisit().data
  const { completion_code: code, completed, earned } = assignment
  const done = assignment.status === 'completed'
  return (
    <CardPage
      title={done ? words.doneTitle : words.withdrawnTitle}
      lead={done ? words.doneText({ completed, of: assignment.of }) : words.withdrawnText}
    >
      {earned && <Text fw={600}>{words.earned({ pay: money(earned, language) })}</Text>}
      {visit?.code ? (
        <StudyCode visit={visit} />
      ) : (
        code && (
          <Stack gap={4}>
            <Text size="sm">{words.code}</Text>
            <Group gap="xs">
              <Code fz="lg" px="md" py={6}>
                {code}
              </Code>
              <CopyButton value={code}>
                {({ copied, copy }) => (
                  <Button variant="default" onClick={copy} aria-live="polite">
                    {copied ? shared.copied : shared.copy}
                  </Button>
                )}
              </CopyButton>
            </Group>
          </Stack>
        )
      )}
      {assignment.task.kind === 'red-team' && <WellBeing />}
      <Button component={Link} to="/" variant="light">
        {words.home}
      </Button>
    </CardPage>
  )
}
