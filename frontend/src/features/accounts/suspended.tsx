import { Anchor, Text } from '@mantine/core'
import { Link } from 'react-router'
import { CardPage } from '@/components/card-page'
import { useWords } from '@/i18n/language'
import { useSentence } from '@/i18n/sentence'

/** Stands in the place of every page of an account that is suspended. */
export function Suspended({ error }: { error: Error }) {
  const words = useWords().accounts
  return (
    <CardPage title={words.suspended}>
      <Text>{useSentence(error)}</Text>
      <Anchor component={Link} to="/sign-in" size="sm">
        {words.otherAccount}
      </Anchor>
    </CardPage>
  )
}
