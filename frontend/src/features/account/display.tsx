import { PreferenceFields } from '@/components/preferences'
import { useWords } from '@/i18n/language'
import { Section } from './section'

/** How the pages look in this browser. */
export function Display() {
  const words = useWords().account
  return (
    <Section title={words.display}>
      <PreferenceFields />
    </Section>
  )
}
