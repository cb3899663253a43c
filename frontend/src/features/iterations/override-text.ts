import type { ConfigField, Override } from '@/api/types'

/** As it is written in a field: nothing is null, and a list has commas. */
export function asText(value: Override | undefined): string {
  return Array.isArray(value) ? value.join(', ') : String(value ?? '')
}

/** What was written, as the field's kind wants it. What it may not be is for the input and the server to say. */
export function fromText(field: ConfigField, text: string): Override {
  if (text.trim() === '' && field.nullable) return null
  if (field.kind === 'list') {
    const items = text.split(',').map((item) => item.trim())
    return items.filter((item) => item !== '').map((item) => (field.of === 'text' ? item : numberOr(item)))
  }
  return field.kind === 'text' || field.kind === 'choice' ? text : numberOr(text)
}

/** The number, or the text itself where it is none: then the server's refusal quotes what was written. */
function numberOr(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
}
