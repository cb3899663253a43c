import { Badge, Group, Paper, SimpleGrid, Table, Text } from '@mantine/core'
import type { Answering } from '@/api/types'
import { moment } from '@/components/duration'
import { ShareBar } from '@/components/share-bar'
import classes from './came-in.module.css'
import { Part } from './part'
import { words } from './words'

interface AnsweringNowProps {
  answering: Answering[]
  pm: string | null
  /** Snapshots that the inference server holds; not known yet. */
  served: number | undefined
}

/** Who talks to crowdworkers, with which share, and how strong they found it. */
export function AnsweringNow({ answering, pm, served }: AnsweringNowProps) {
  return (
    <Part title={words.answering} more={{ to: '/admin/deployments', label: words.change }}>
      <SimpleGrid cols={{ base: 1, lg: Math.min(2, Math.max(1, answering.length)) }}>
        {answering.map((task) => (
          <OneTask key={task.task} answering={task} />
        ))}
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {pm ? words.scoredBy(pm) : words.scoredByNobody}
        {served !== undefined && ` · ${words.serves(served)}`}
      </Text>
    </Part>
  )
}

function OneTask({ answering }: { answering: Answering }) {
  const known = answering.policies.some(({ strength }) => strength !== null)
  return (
    <Paper withBorder p="md">
      <Group justify="space-between" mb="xs" gap="xs">
        <Text size="sm" fw={650}>
          {answering.title}
        </Text>
        <Text size="sm" c="dimmed">
          {words.since(moment(answering.since))}
        </Text>
      </Group>
      <ShareBar shares={answering.policies} best={words.best} />
      {known ? (
        <Table mt="sm" verticalSpacing={4} className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.policy}</Table.Th>
              <Table.Th>{words.elo}</Table.Th>
              <Table.Th>{words.interval}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {answering.policies.map((policy) => (
              <Strength key={`${policy.snapshot}-${policy.best_of}`} policy={policy} />
            ))}
          </Table.Tbody>
        </Table>
      ) : (
        <Text size="sm" c="dimmed" mt="sm">
          {words.noElo}
        </Text>
      )}
    </Paper>
  )
}

const whole = (value: number) => Math.round(value).toLocaleString().replace('-', '−')

function Strength({ policy }: { policy: Answering['policies'][number] }) {
  const { strength } = policy
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {policy.snapshot}
        {policy.best_of > 1 && (
          <Badge variant="light" ms={6}>
            {words.best(policy.best_of)}
          </Badge>
        )}
      </Table.Th>
      {strength ? (
        <>
          <Table.Td>{whole(strength.elo)}</Table.Td>
          <Table.Td>
            {policy.snapshot === 'initial' && policy.best_of === 1
              ? words.anchor
              : strength.low == null || strength.high == null
                ? words.notEnough
                : words.range(whole(strength.low), whole(strength.high))}
          </Table.Td>
        </>
      ) : (
        <Table.Td colSpan={2}>
          <Text size="sm" c="dimmed" component="span">
            {words.notEnough}
          </Text>
        </Table.Td>
      )}
    </Table.Tr>
  )
}
