import { Group, Stack, Text } from '@mantine/core'
import { useTasks } from '@/api/assignments'
import { money } from '@/components/money'
import { QueryView } from '@/components/query-view'
import { useLanguage } from '@/i18n/language'
import { Section } from './section'

/** What each task pays. */
export function Rates() {
  const { language, words: all } = useLanguage()
  const words = all.account
  return (
    <Section title={words.rates}>
      <QueryView query={useTasks()}>
        {(tasks) =>
          tasks.length === 0 ? (
            <Text c="dimmed">{words.noRates}</Text>
          ) : (
            <Stack gap="sm">
              {tasks.map((task) => (
                <Group key={task.slug} justify="space-between" gap={0}>
                  <Text>{task.title}</Text>
                  <Text c={task.pay ? undefined : 'dimmed'}>
                    {task.pay
                      ? words.rate({
                          pay: money(task.pay, language),
                          count: task.conversations_per_assignment,
                        })
                      : words.rateUnknown}
                  </Text>
                </Group>
              ))}
            </Stack>
          )
        }
      </QueryView>
    </Section>
  )
}
