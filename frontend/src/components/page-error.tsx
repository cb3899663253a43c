import { Anchor, Button, Center, Stack, Text, Title } from '@mantine/core'
import { Link } from 'react-router'
import { CardPage } from '@/components/card-page'
import { useWords } from '@/i18n/language'

/** In the place of what an address within a page should have led to. */
export function NotFound() {
  const words = useWords().shared
  return (
    <Center mih="60vh">
      <Stack align="center">
        <Title order={1} size="h4">
          {words.notFound}
        </Title>
        <Anchor component={Link} to="/">
          {words.home}
        </Anchor>
      </Stack>
    </Center>
  )
}

/** For an address at which there is no page at all. */
export function NotFoundPage() {
  const words = useWords().shared
  return (
    <CardPage title={words.notFound}>
      <Anchor component={Link} to="/">
        {words.home}
      </Anchor>
    </CardPage>
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
