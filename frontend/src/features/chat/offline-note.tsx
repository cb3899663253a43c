import { useNetwork } from '@mantine/hooks'
import { Notice } from '@/components/notice'
import { useWords } from '@/i18n/language'
import classes from './chat-header.module.css'

/** Below the header, and in sight however far one has read. */
export function OfflineNote() {
  const words = useWords().chat
  const { online } = useNetwork()
  if (online) return null
  return (
    <div className={classes.offline}>
      <Notice tone="warning" role="status">
        {words.offline}
      </Notice>
    </div>
  )
}
