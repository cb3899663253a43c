import { lazy, Suspense } from 'react'
import classes from '@/components/markdown.module.css'
import type { MarkdownProps } from '@/components/markdown-tokens'

const Tokens = lazy(async () => ({ default: (await import('@/components/markdown-tokens')).MarkdownTokens }))

/** Somebody else's text with its Markdown. The parser is fetched beside the first response; until then the text is plain. */
export function Markdown({ text, page = false }: MarkdownProps) {
  const plain = (
    <div className={classes.markdown} dir="auto" style={{ whiteSpace: 'pre-wrap' }}>
      {text}
    </div>
  )
  return (
    <Suspense fallback={plain}>
      <Tokens text={text} page={page} />
    </Suspense>
  )
}
