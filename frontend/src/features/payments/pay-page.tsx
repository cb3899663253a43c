import { Anchor, Group, Paper, ScrollArea, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { payCsvOf, useExportPay, usePay, useTakeBonusBack } from '@/api/payments'
import type { Pay } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { moment } from '@/components/duration'
import { money } from '@/components/money'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { BonusFile } from './bonus-file'
import { words } from './words'

const NOWRAP = { whiteSpace: 'nowrap' } as const

/** What is due, and what was handed over to be paid. */
export function PayPage() {
  return (
    <Stack gap="lg">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={usePay()}>
        {(pay) => (
          <>
            <Due pay={pay} />
            <Bonuses pay={pay} />
            <BonusFile />
            <Exports pay={pay} />
          </>
        )}
      </QueryView>
    </Stack>
  )
}

function Due({ pay }: { pay: Pay }) {
  const exporting = useExportPay()
  const [until, setUntil] = useState('')
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {words.due}
      </Title>
      {pay.due.length === 0 ? (
        <Paper withBorder radius="lg" p="lg" role="status">
          <Text fw={600}>{words.nothingDue}</Text>
          <Text size="sm" c="dimmed">
            {words.nothingDueHelp}
          </Text>
        </Paper>
      ) : (
        <>
          {pay.due.map((due) => (
            <Paper key={due.currency} withBorder radius="lg" p="md">
              <Text size="xl" fw={650}>
                {money(due, 'en')}
              </Text>
              <Text size="sm" c="dimmed">
                {words.dueLine(due.assignments, due.bonuses, due.people)}
              </Text>
            </Paper>
          ))}
          <ProblemAlert error={exporting.error} />
          <Group>
            <ConfirmButton
              label={words.export}
              question={words.exportQuestion}
              loading={exporting.isPending}
              onConfirm={() => exporting.mutate(until || null)}
            >
              <TextInput
                type="date"
                label={words.until}
                description={words.untilHelp}
                value={until}
                onChange={(event) => setUntil(event.currentTarget.value)}
              />
            </ConfirmButton>
          </Group>
        </>
      )}
    </Stack>
  )
}

function Bonuses({ pay }: { pay: Pay }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {words.bonuses}
      </Title>
      {pay.bonuses.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noBonuses}
        </Text>
      ) : (
        <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
          <Table miw={560} verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.who}</Table.Th>
                <Table.Th ta="end">{words.amount}</Table.Th>
                <Table.Th>{words.reason}</Table.Th>
                <Table.Th>{words.given}</Table.Th>
                <Table.Th aria-label={words.takeBack} />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pay.bonuses.map((bonus) => (
                <Bonus key={bonus.id} bonus={bonus} />
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
    </Stack>
  )
}

function Bonus({ bonus }: { bonus: Pay['bonuses'][number] }) {
  const back = useTakeBonusBack()
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/admin/crowdworkers/${bonus.account_id}`} size="sm" fw={600}>
          {bonus.username}
        </Anchor>
        <ProblemAlert error={back.error} />
      </Table.Td>
      <Table.Td ta="end">{money(bonus.amount, 'en')}</Table.Td>
      <Table.Td miw="14rem" style={{ overflowWrap: 'anywhere' }}>
        {bonus.reason}
      </Table.Td>
      <Table.Td style={NOWRAP}>
        {bonus.by}, {moment(bonus.at)}
      </Table.Td>
      <Table.Td ta="end">
        <ConfirmButton
          size="compact-sm"
          variant="default"
          label={words.takeBack}
          title={words.takeBackTitle(bonus.username)}
          question={words.takeBackQuestion}
          loading={back.isPending}
          onConfirm={() => back.mutate(bonus.id)}
        />
      </Table.Td>
    </Table.Tr>
  )
}

function Exports({ pay }: { pay: Pay }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {words.exports}
      </Title>
      {pay.exports.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noExports}
        </Text>
      ) : (
        <Paper withBorder component={ScrollArea} viewportProps={{ tabIndex: 0 }} px="xs">
          <Table miw={560} verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.when}</Table.Th>
                <Table.Th>{words.by}</Table.Th>
                <Table.Th ta="end">{words.payments}</Table.Th>
                <Table.Th ta="end">{words.total}</Table.Th>
                <Table.Th aria-label={words.download} />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pay.exports.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td style={NOWRAP}>
                    {moment(one.created_at)}
                    {one.until && `, ${words.upTo(one.until)}`}
                  </Table.Td>
                  <Table.Td>{one.by}</Table.Td>
                  <Table.Td ta="end">{one.payments.toLocaleString()}</Table.Td>
                  <Table.Td ta="end">{one.totals.map((total) => money(total, 'en')).join(' + ')}</Table.Td>
                  <Table.Td ta="end">
                    <Anchor
                      href={payCsvOf(one.id)}
                      download
                      size="sm"
                      aria-label={words.downloadOf(moment(one.created_at))}
                    >
                      {words.download}
                    </Anchor>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Paper>
      )}
    </Stack>
  )
}
