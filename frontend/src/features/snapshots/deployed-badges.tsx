import { Badge, Group } from '@mantine/core'
import type { Snapshot } from '@/api/types'
import { words } from './words'

/** Where a snapshot answers or scores now, and with which share. */
export function DeployedBadges({ deployed }: { deployed: Snapshot['deployed'] }) {
  return (
    <Group gap={4}>
      {deployed.map(({ task, share, full_share }) => (
        <Badge
          key={task ?? ''}
          variant="light"
          miw="max-content"
          color={full_share == null ? undefined : 'orange'}
        >
          {task ? `${task} ${share} %` : words.scoring}
          {full_share != null && ` → ${full_share === 0 ? words.goes : `${full_share} %`}`}
        </Badge>
      ))}
    </Group>
  )
}
