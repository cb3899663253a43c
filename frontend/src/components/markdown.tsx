import { lazy, Suspense } from 'react'
import classes from '@/components/markdown.module.css'

const Tokens = lazy(async () => ({ default: (await import('@/components/markdown-tokens')).MarkdownTokens }))

/** Somebody else's text with its Markdown. The parser is fetched beside the first response; until then the text is plain. */
export function Markdown({ text }: { text: string }) {
  const plain = (
    <div className={classes.markdown} dir="auto" style={{ whiteSpace: 'pre-wrap' }}>
      {text}
    </div>
  )
  return (
    <Suspense fallback={plain}>
      <Tokens text={text} />
    </Suspense>
  )
}
