import { Anchor, Button, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useVisit } from '@/api/studies'
import { CardPage } from '@/components/card-page'
import { QueryView } from '@/components/query-view'
import { StudyCode } from '@/components/study-code'
import { useWords } from '@/i18n/language'

/** How a visit from a crowd platform ended, with its code. */
export function StudyEndPage() {
  const { studies: words, shared } = useWords()
  return (
    <QueryView query={useVisit()}>
      {(visit) => {
        if (!visit || visit.status === 'open') {
          return (
            <CardPage title={visit ? words.open : shared.notFound}>
              {!visit && <Text>{words.noVisit}</Text>}
              <Button component={Link} to="/">
                {visit ? words.goOn : shared.home}
              </Button>
            </CardPage>
          )
        }
        return (
          <CardPage
            title={words.ends[visit.status]}
            lead={words.endTexts[visit.status]({ platform: words.platforms[visit.provider] })}
          >
            <Stack align="flex-start" gap="lg">
              <StudyCode visit={visit} />
              <Anchor component={Link} to="/" size="sm">
                {shared.home}
              </Anchor>
            </Stack>
          </CardPage>
        )
      }}
    </QueryView>
  )
}
