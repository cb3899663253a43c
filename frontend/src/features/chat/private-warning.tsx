import { Button, Group } from '@mantine/core'
import { Notice } from '@/components/notice'
import { useWords } from '@/i18n/language'
import type { Finding } from './private-data'

interface PrivateWarningProps {
  found: Finding[]
  onEdit: () => void
  onSend: () => void
}

/** The message is not on its way yet: it may tell who somebody is. The writer decides. */
export function PrivateWarning({ found, onEdit, onSend }: PrivateWarningProps) {
  const words = useWords().chat
  return (
    <Notice tone="warning" role="alert" title={words.privateTitle}>
      <span>{words.privateText}</span>
      <ul>
        {found.slice(0, 5).map((one) => (
          <li key={one.text}>{words.privateFound({ kind: words.privateKinds[one.kind], text: one.text })}</li>
        ))}
      </ul>
      <Group gap="xs">
        <Button variant="default" onClick={onEdit} autoFocus>
          {words.privateEdit}
        </Button>
        <Button variant="subtle" color="gray" c="inherit" onClick={onSend}>
          {words.privateSend}
        </Button>
      </Group>
    </Notice>
  )
}
