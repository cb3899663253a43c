import { Text, Textarea } from '@mantine/core'
import { useDeferredValue } from 'react'
import { Markdown } from '@/components/markdown'
import classes from './markdown-field.module.css'
import { words } from './words'

interface MarkdownFieldProps {
  label: string
  description?: string
  value: string
  onChange: (text: string) => void
  required?: boolean
  /** A response or a reason, not a page. */
  short?: boolean
}

/** Markdown on the left, and on the right what crowdworkers will see, as it is typed. */
export function MarkdownField({
  label,
  description,
  value,
  onChange,
  required,
  short = false,
}: MarkdownFieldProps) {
  const shown = useDeferredValue(value) // typing never waits for the preview
  return (
    <div className={short ? classes.short : undefined}>
      <Text size="sm" fw={600}>
        {label}
      </Text>
      {description && (
        <Text size="xs" c="dimmed" mb={6}>
          {description}
        </Text>
      )}
      <div className={classes.panes}>
        <Textarea
          aria-label={label}
          classNames={{ input: classes.field }}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          required={required ?? false}
          dir="auto"
          spellCheck
        />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too */}
        {/* biome-ignore lint/a11y/useSemanticElements: no fieldset, nothing is asked here */}
        <div role="group" className={classes.preview} aria-label={`${label}: ${words.preview}`} tabIndex={0}>
          {shown.trim() ? (
            <Markdown text={shown} />
          ) : (
            <Text size="sm" c="dimmed">
              {words.nothing}
            </Text>
          )}
        </div>
      </div>
    </div>
  )
}
