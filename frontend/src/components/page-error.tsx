import { Anchor, Button, Center, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useWords } from '@/i18n/language'

export function NotFound() {
  const words = useWords().shared
  return (
    <Center mih="60vh">
      <Stack align="center">
        <Text>{words.notFound}</Text>
        <Anchor component={Link} to="/">
          {words.home}
        </Anchor>
      </Stack>
    </Center>
  )
}

/** Shown instead of a blank page. */
export function Crashed() {
  const words = useWords().shared
  return (
    <Center mih="60vh">
      <Stack align="center">
        <Text>{words.crashed}</Text>
        <Button onClick={() => window.location.reload()}>{words.reload}</Button>
      </Stack>
    </Center>
  )
}
