import { Alert, Button, Group, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useVisit } from '@/api/studies'
import { useWords } from '@/i18n/language'

/** For participants of a crowd platform whose visit has ended: the way to their code. */
export function StudyNote() {
  const words = useWords().tasks
  const visit = useVisit().data
  if (!visit?.code) return null
  return (
    <Alert color="teal" variant="light">
      <Group justify="space-between" gap="sm">
        <Text size="sm">{words.studyEnded}</Text>
        <Button component={Link} to="/study/end" size="xs">
          {words.studyCode}
        </Button>
      </Group>
    </Alert>
  )
}
