import { Button, type ButtonProps, Group, Stack, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Dialog } from '@/components/dialog'
import { useWords } from '@/i18n/language'

interface ConfirmButtonProps extends ButtonProps {
  label: string
  /** What the button does, in full: the dialog's title, and on the button there. The label, unless it is told. */
  title?: string
  question: ReactNode
  onConfirm: () => void
  /** Fields that the decision needs, e.g. a reason. */
  children?: ReactNode
  /** Whether the decision can be taken now. */
  ready?: boolean
}

/** A step that cannot be taken back silently: one more question before it happens. */
export function ConfirmButton({
  label,
  title = label,
  question,
  onConfirm,
  children,
  ready = true,
  ...button
}: ConfirmButtonProps) {
  const words = useWords().shared
  const [asking, setAsking] = useState(false)
  const close = () => setAsking(false)
  return (
    <>
      <Button {...button} onClick={() => setAsking(true)}>
        {label}
      </Button>
      {asking && (
        <Dialog title={title} onClose={close}>
          <Stack>
            <Text size="sm" component="div">
              {question}
            </Text>
            {children}
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {words.cancel}
              </Button>
              <Button
                color={button.color}
                disabled={!ready}
                onClick={() => {
                  close()
                  onConfirm()
                }}
              >
                {title}
              </Button>
            </Group>
          </Stack>
        </Dialog>
      )}
    </>
  )
}
