import { type MantineColorScheme, Stack, useMantineColorScheme } from '@mantine/core'
import { useState } from 'react'
import classes from '@/components/choices.module.css'
import { Dialog } from '@/components/dialog'
import { IconButton } from '@/components/icon-button'
import { GlobeIcon } from '@/components/icons'
import { ProblemAlert } from '@/components/problem-alert'
import { LANGUAGES, type Language, useLanguage } from '@/i18n/language'

const SCHEMES: MantineColorScheme[] = ['auto', 'light', 'dark']

/** The reader's own language and brightness, kept in this browser. On every page, also before signing in. */
export function Preferences() {
  const words = useLanguage().words.shared
  const [open, setOpen] = useState(false)
  return (
    <>
      <IconButton label={words.preferences} icon={<GlobeIcon />} onClick={() => setOpen(true)} />
      {open && <PreferencesDialog onClose={() => setOpen(false)} />}
    </>
  )
}

function PreferencesDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={useLanguage().words.shared.preferences} onClose={onClose}>
      <PreferenceFields />
    </Dialog>
  )
}

export function PreferenceFields() {
  const { language, words: all, speak } = useLanguage()
  const words = all.shared
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const [error, setError] = useState<Error | null>(null)
  return (
    <Stack>
      <ProblemAlert error={error} />
      <fieldset className={classes.row}>
        <legend>{words.language}</legend>
        {(Object.keys(LANGUAGES) as Language[]).map((key) => (
          <label key={key} lang={key}>
            <input
              type="radio"
              name="language"
              checked={key === language}
              onChange={() => {
                speak(key).then(
                  () => setError(null),
                  () => setError(new Error(words.unreachable)),
                )
              }}
            />
            {LANGUAGES[key].name}
          </label>
        ))}
      </fieldset>
      <fieldset className={classes.row}>
        <legend>{words.appearance}</legend>
        {SCHEMES.map((scheme) => (
          <label key={scheme}>
            <input
              type="radio"
              name="appearance"
              checked={scheme === colorScheme}
              onChange={() => setColorScheme(scheme)}
            />
            {words.schemes[scheme]}
          </label>
        ))}
      </fieldset>
    </Stack>
  )
}
