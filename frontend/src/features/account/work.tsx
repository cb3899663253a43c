import { Table, Text } from '@mantine/core'
import { useTasks } from '@/api/assignments'
import { useProgress } from '@/api/own-data'
import type { Progress } from '@/api/types'
import { money } from '@/components/money'
import { QueryView } from '@/components/query-view'
import { useLanguage } from '@/i18n/language'
import { Section } from './section'
import classes from './work.module.css'

/** What somebody has done and earned so far. */
export function Work() {
  const words = useLanguage().words.account
  return (
    <Section title={words.work}>
      <QueryView query={useProgress()}>
        {(progress) =>
          progress.conversations === 0 ? (
            <Text c="dimmed">{words.noWork}</Text>
          ) : (
            <Figures progress={progress} />
          )
        }
      </QueryView>
    </Section>
  )
}

function Figures({ progress }: { progress: Progress }) {
  const { language, words: all } = useLanguage()
  const words = all.account
  const number = new Intl.NumberFormat(language)
  const titles = new Map(useTasks().data?.map((task) => [task.slug, task.title]))
  return (
    <>
      {progress.trained_on > 0 && <Text fw={600}>{all.tasks.thanks({ count: progress.trained_on })}</Text>}
      <dl className={classes.figures}>
        <div>
          <dt>{words.conversations}</dt>
          <dd>{number.format(progress.conversations)}</dd>
        </div>
        <div>
          <dt>{words.choices}</dt>
          <dd>{number.format(progress.comparisons)}</dd>
        </div>
        <div>
          <dt>{words.thisWeek}</dt>
          <dd>{number.format(progress.week.comparisons)}</dd>
        </div>
        <div>
          <dt>{words.earned}</dt>
          <dd>
            {progress.earned.length === 0
              ? words.nothingEarned
              : progress.earned.map((one) => money(one, language)).join(' + ')}
          </dd>
        </div>
      </dl>
      {progress.by_task.length > 1 && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.task}</Table.Th>
              <Table.Th ta="end">{words.conversations}</Table.Th>
              <Table.Th ta="end">{words.choices}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {progress.by_task.map((row) => (
              <Table.Tr key={row.task}>
                <Table.Td>{titles.get(row.task) ?? row.task}</Table.Td>
                <Table.Td ta="end">{number.format(row.conversations)}</Table.Td>
                <Table.Td ta="end">{number.format(row.comparisons)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <Text size="sm" c="dimmed">
        {words.earnedHelp}
      </Text>
    </>
  )
}
