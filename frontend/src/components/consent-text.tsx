import classes from '@/components/consent-text.module.css'
import { Markdown } from '@/components/markdown'
import { useWords } from '@/i18n/language'

/** What is agreed to, in a box that scrolls, by keyboard too. */
export function ConsentText({ body }: { body: string }) {
  const words = useWords().consent
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, only a mouse could read to the end
    <section className={classes.box} tabIndex={0} aria-label={words.text}>
      <Markdown text={body} />
    </section>
  )
}
