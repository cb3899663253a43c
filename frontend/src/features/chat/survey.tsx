import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import type { FormEvent } from 'react'
import { useAnswerSurvey } from '@/api/care'
import { ProblemAlert } from '@/components/problem-alert'
import { TextArea } from '@/components/text-area'
import { useWords } from '@/i18n/language'
import classes from './survey.module.css'

const DEGREES = [0, 1, 2, 3, 4]

/** The well-being survey: all of it is optional, and so is each of its lines. */
export function Survey({ feelings }: { feelings: string[] }) {
  const words = useWords().care
  const survey = useAnswerSurvey()
  const named = words.feelings as Record<string, string>

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const answers = Object.fromEntries(
      feelings.filter((name) => fields.has(name)).map((name) => [name, Number(fields.get(name))]),
    )
    const comment = String(fields.get('comment')).trim()
    survey.mutate({
      feelings: Object.keys(answers).length > 0 ? answers : null,
      ...(comment && { comment }),
    })
  }

  return (
    <Paper component="form" withBorder radius="lg" p="lg" onSubmit={submit}>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h5">
            {words.surveyTitle}
          </Title>
          <Text size="sm" c="dimmed" mt={4}>
            {words.surveyHelp}
          </Text>
        </div>
        <ProblemAlert error={survey.error} />
        <Text size="sm" fw={600}>
          {words.surveyScale}
        </Text>
        <div className={classes.feelings}>
          {feelings.map((name) => (
            <fieldset key={name} className={classes.feeling}>
              <legend>{named[name] ?? name}</legend>
              {DEGREES.map((degree) => (
                <label key={degree}>
                  <input type="radio" name={name} value={degree} />
                  <span>{degree}</span>
                </label>
              ))}
            </fieldset>
          ))}
        </div>
        <TextArea label={words.surveyComment} name="comment" />
        <Group justify="flex-end">
          <Button
            variant="subtle"
            color="gray"
            c="inherit"
            onClick={() => survey.mutate({ feelings: null })}
            disabled={survey.isPending}
          >
            {words.surveySkip}
          </Button>
          <Button type="submit" variant="default" loading={survey.isPending}>
            {words.surveySend}
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}
