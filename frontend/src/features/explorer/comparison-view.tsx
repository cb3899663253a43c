import { Group, Text } from '@mantine/core'
import { useExcludeComparison } from '@/api/explorer'
import type { ComparisonShown, Transcript } from '@/api/types'
import { moment } from '@/components/duration'
import classes from './explorer.module.css'
import { Facts } from './facts'
import { LeaveOut } from './leave-out'
import { words } from './words'

interface ComparisonViewProps {
  conversation: Transcript
  comparison: ComparisonShown
}

/** One recorded choice: in a sentence, where it went, and every field. */
export function ComparisonView({ conversation, comparison: row }: ComparisonViewProps) {
  const exclude = useExcludeComparison(conversation.id)
  const isOpen = row.superseded_at === null && row.tranche === null
  return (
    <div className={classes.comparison}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">
          <strong>{words.choice(row.picked, row.strength, row.seconds_to_choose)}</strong>
          {` · ${words.directions[row.choice_direction]}`}
        </Text>
        {isOpen && (
          <LeaveOut
            reason={row.excluded_reason}
            label={words.leaveOut}
            title={words.leaveOutTitle}
            question={words.leaveOutQuestion}
            letIn={words.letIn}
            exclude={exclude}
            id={row.id}
          />
        )}
      </Group>
      {row.excluded_reason ? (
        <Text size="sm">{words.leftOut(row.excluded_reason)}</Text>
      ) : (
        row.left_out_because && (
          <Text size="sm" c="dimmed">
            {words.waiting(row.left_out_because)}
          </Text>
        )
      )}
      <details className={classes.more}>
        <summary>{words.allFields}</summary>
        <Facts
          rows={[
            [words.trancheKind, words.kinds[row.kind]],
            [words.tranche, row.tranche ?? words.noTranche],
            [words.chosen, words.candidates[row.chosen]],
            [words.propensity, row.propensity?.toFixed(4)],
            [words.textVersion, row.text_version],
            [words.made, moment(row.created_at)],
            [words.superseded, row.superseded_at && moment(row.superseded_at)],
            [words.importLine, row.import_line],
            [words.contentHash, row.content_hash],
            [words.id, row.id],
          ]}
        />
      </details>
    </div>
  )
}
