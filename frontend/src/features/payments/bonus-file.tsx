import { Button, FileInput, Group, Paper, Stack, Text, Textarea, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { useAddBonuses } from '@/api/payments'
import { money } from '@/components/money'
import { ProblemAlert } from '@/components/problem-alert'
import { words } from './words'

/** Several bonuses at once: a file, or lines typed here. */
export function BonusFile() {
  const add = useAddBonuses()
  const [csv, setCsv] = useState('')
  const [currency, setCurrency] = useState('USD')
  const ready = csv.trim() !== '' && /^[A-Z]{3}$/.test(currency)
  return (
    <Paper withBorder radius="lg" p="md" component="section">
      <Stack gap="sm">
        <Title order={2} size="h5">
          {words.file}
        </Title>
        <Text size="sm" c="dimmed">
          {words.fileHelp}
        </Text>
        <Group align="flex-start">
          <FileInput
            label={words.choose}
            accept=".csv,text/csv,text/plain"
            clearable={false}
            onChange={(file) => void file?.text().then(setCsv)}
            w={260}
          />
          <TextInput
            label={words.currency}
            value={currency}
            onChange={(event) => setCurrency(event.currentTarget.value.trim().toUpperCase())}
            maxLength={3}
            w={110}
          />
        </Group>
        <Textarea
          label={words.lines}
          placeholder={words.fileExample}
          value={csv}
          onChange={(event) => setCsv(event.currentTarget.value)}
          rows={3}
        />
        <ProblemAlert error={add.error} />
        {add.data && (
          <Text size="sm" role="status">
            {words.added(add.data.bonuses, money(add.data.total, 'en'))}
          </Text>
        )}
        <Button
          w="fit-content"
          size="xs"
          disabled={!ready}
          loading={add.isPending}
          onClick={() => add.mutate({ csv, currency }, { onSuccess: () => setCsv('') })}
        >
          {words.add}
        </Button>
      </Stack>
    </Paper>
  )
}
