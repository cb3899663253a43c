import { TextInput } from '@mantine/core'
import { useState } from 'react'

interface SearchFieldProps {
  label: string
  description?: string
  value: string
  onSearch: (typed: string) => void
}

/** Looks for what was typed with Enter or when left, and for everything when it is emptied. */
export function SearchField({ label, description, value, onSearch }: SearchFieldProps) {
  const [typed, setTyped] = useState(value)
  const done = () => typed.trim() !== value && onSearch(typed.trim())
  return (
    <search>
      <TextInput
        type="search"
        label={label}
        description={description}
        inputWrapperOrder={['label', 'input', 'description']}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          if (event.currentTarget.value === '') onSearch('')
        }}
        onBlur={done}
        onKeyDown={(event) => event.key === 'Enter' && done()}
        maxLength={300}
        maw={360}
      />
    </search>
  )
}
