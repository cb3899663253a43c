import './studies.css'
import { Alert, Button, Container, List, Stack, TextInput, Title, VisuallyHidden } from '@mantine/core'
import { useSearchParams } from 'react-router'
import { useMTurkFrame } from '@/api/studies'
import { Markdown } from '@/components/markdown'
import { QueryView } from '@/components/query-view'
import { useWords } from '@/i18n/language'

/** The page inside MTurk's frame. A foreign frame gets no cookies, so the study opens in a tab of its own and gives back
 * a code, which MTurk receives from here. */
export function MTurkFramePage() {
  const words = useWords().studies.frame
  const [parameters] = useSearchParams()
  const query = Object.fromEntries(parameters)
  return (
    <Container component="main" size="sm" py="lg">
      <QueryView query={useMTurkFrame(query)}>
        {(frame) => (
          <Stack>
            <title>{`${frame.title} · Turnwise`}</title>
            <Title order={1} size="h3">
              {frame.title}
            </Title>
            {frame.preview && <Alert color="yellow">{words.preview}</Alert>}
            {frame.entry_url && frame.submit_url && (
              <>
                <Title order={2} size="h5">
                  {words.howTitle}
                </Title>
                <List type="ordered">
                  {words.how.map((step) => (
                    <List.Item key={step}>{step}</List.Item>
                  ))}
                </List>
                <Button component="a" href={frame.entry_url} target="_blank" rel="noopener">
                  {words.open}
                  <VisuallyHidden> {words.newTab}</VisuallyHidden>
                </Button>
                {/* MTurk wants a plain form post from within the frame. */}
                <form method="post" action={frame.submit_url}>
                  <input type="hidden" name="assignmentId" value={query.assignmentId ?? ''} />
                  <Stack align="flex-start">
                    <TextInput
                      name="code"
                      label={words.code}
                      required
                      autoComplete="off"
                      maw={360}
                      w="100%"
                    />
                    <Button type="submit" variant="default">
                      {words.submit}
                    </Button>
                  </Stack>
                </form>
              </>
            )}
            <Markdown text={frame.instructions} />
          </Stack>
        )}
      </QueryView>
    </Container>
  )
}
