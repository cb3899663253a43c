import './improvement.css'
import { Anchor, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { improvementFile, useImprovement, useShareSheet, type Wanted } from '@/api/improvement'
import { saveFile } from '@/api/save-file'
import type { Improvement, Sheet } from '@/api/types'
import { ConfirmButton } from '@/components/confirm-button'
import { FigureView } from '@/components/figure-view'
import { Notice } from '@/components/notice'
import { PageHead } from '@/components/page-head'
import { ProblemAlert } from '@/components/problem-alert'
import { QueryView } from '@/components/query-view'
import { Choices } from './choices'
import classes from './improvement.module.css'
import { SharedList } from './shared-list'
import { pngOfSheet } from './sheet-png'
import { SheetTable } from './sheet-table'
import { useWanted } from './wanted'
import { words } from './words'

/** From week 0 until now, on one page that can be shared. */
export function ImprovementPage() {
  const { wanted, want } = useWanted()
  return (
    <Stack gap="lg">
      <PageHead title={words.title} lead={words.lead} />
      <QueryView query={useImprovement(wanted)}>
        {(improvement) => (
          <>
            {improvement.weeks.length > 0 && (
              <Choices improvement={improvement} wanted={wanted} want={want} />
            )}
            {improvement.sheet.missing ? (
              <Nothing sheet={improvement.sheet} />
            ) : (
              <SideBySide improvement={improvement} wanted={wanted} />
            )}
            {improvement.weeks.length > 0 && <Curves sheet={improvement.sheet} />}
          </>
        )}
      </QueryView>
      <SharedList />
    </Stack>
  )
}

function Curves({ sheet }: { sheet: Sheet }) {
  return (
    <Stack component="section" aria-label={words.curves}>
      <Title order={2} size="h4">
        {words.curves}
      </Title>
      <div className={classes.curves}>
        {sheet.curves.map((figure) => (
          <FigureView key={figure.name} figure={figure} />
        ))}
      </div>
    </Stack>
  )
}

function Nothing({ sheet }: { sheet: Sheet }) {
  return (
    <Notice tone="info" role="status" title={words.missing}>
      <Text size="sm">
        {sheet.missing}{' '}
        <Anchor component={Link} to="/admin/iterations" inherit underline="always">
          {words.toIterations}
        </Anchor>
      </Text>
    </Notice>
  )
}

function SideBySide({ improvement: { sheet }, wanted }: { improvement: Improvement; wanted: Wanted }) {
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="end">
        <Title order={2} size="h4">
          {words.sheet}
        </Title>
        <Ways sheet={sheet} wanted={wanted} />
      </Group>
      <SheetTable sheet={sheet} />
      {sheet.red_team_left_out > 0 && (
        <Text size="sm" c="dimmed">
          {words.redTeamHidden(sheet.red_team_left_out)}
        </Text>
      )}
    </Stack>
  )
}

/** Out of here: a file, a picture, a link. */
function Ways({ sheet, wanted }: { sheet: Sheet; wanted: Wanted }) {
  const share = useShareSheet()
  const named = words.shareDefault(sheet.columns.at(-1)?.name ?? '')
  const [title, setTitle] = useState(named)
  const [failed, setFailed] = useState<Error | null>(null)
  return (
    <Stack gap="xs">
      <Group gap="md">
        <Anchor size="sm" href={improvementFile(wanted)} download>
          {words.file}
        </Anchor>
        <Anchor
          component="button"
          size="sm"
          onClick={() =>
            void pngOfSheet(title, sheet).then((blob) => saveFile(blob, 'improvement.png'), setFailed)
          }
        >
          {words.picture}
        </Anchor>
        <ConfirmButton
          label={words.share}
          title={words.shareButton}
          question={words.shareQuestion}
          ready={title.trim() !== ''}
          loading={share.isPending}
          onConfirm={() => share.mutate({ ...wanted, title })}
        >
          <TextInput
            label={words.shareName}
            value={title}
            maxLength={300}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
        </ConfirmButton>
      </Group>
      <ProblemAlert error={share.error ?? failed} />
    </Stack>
  )
}
