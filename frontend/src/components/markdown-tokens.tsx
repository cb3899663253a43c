import { Lexer, type MarkedToken, type Token } from 'marked'
import { Fragment, memo, type ReactNode } from 'react'
import classes from '@/components/markdown.module.css'
import { useWords } from '@/i18n/language'

export interface MarkdownProps {
  text: string
  /** The text is the page, and its headings are real ones; else a heading is only a strong line. */
  page?: boolean
}

/**
 * Text that somebody else wrote, a policy or a researcher, shown with its Markdown and nothing more. No HTML is ever made
 * from it: the parser gives tokens, and each kind that we know becomes a React element. Tags in the text stay text,
 * images are only named (a response must not make the browser fetch anything), and links go to web and mail addresses.
 */
export const MarkdownTokens = memo(function MarkdownTokens({ text, page = false }: MarkdownProps) {
  const tokens = Lexer.lex(text, { gfm: true })
  return (
    <div className={classes.markdown} data-page={page || undefined} dir="auto">
      {page ? sections(tokens) : blocks(tokens)}
    </div>
  )
})

/** Headings are the page's own: below its title, so that one can jump from section to section. */
function sections(tokens: Token[]): ReactNode {
  return tokens.map((token, index) => {
    if (token.type !== 'heading') {
      // biome-ignore lint/suspicious/noArrayIndexKey: as below
      return <Fragment key={index}>{element(token as MarkedToken)}</Fragment>
    }
    const Level = token.depth <= 2 ? 'h2' : 'h3'
    // biome-ignore lint/suspicious/noArrayIndexKey: as below
    return <Level key={index}>{blocks(token.tokens ?? [])}</Level>
  })
}

function blocks(tokens: Token[]): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity; text only grows at its end
  return tokens.map((token, index) => <Fragment key={index}>{element(token as MarkedToken)}</Fragment>)
}

function element(token: MarkedToken): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'paragraph':
      return <p>{blocks(token.tokens)}</p>
    case 'heading': {
      // Levels of the page itself are not the text's to use.
      return <p className={classes.heading}>{blocks(token.tokens)}</p>
    }
    case 'blockquote':
      return <blockquote>{blocks(token.tokens)}</blockquote>
    case 'list':
      return token.ordered ? (
        <ol start={Number(token.start) || 1}>{blocks(token.items)}</ol>
      ) : (
        <ul>{blocks(token.items)}</ul>
      )
    case 'list_item':
      return <li>{blocks(token.tokens)}</li>
    case 'checkbox':
      return token.checked ? '☑ ' : '☐ '
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard too
        <pre tabIndex={0}>
          <code>{token.text}</code>
        </pre>
      )
    case 'table':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
        <div className={classes.scroll} tabIndex={0}>
          <table>
            <thead>
              <tr>{cells(token.header, 'th')}</tr>
            </thead>
            <tbody>
              {token.rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <tr key={index}>{cells(row, 'td')}</tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    case 'hr':
      return <hr />
    case 'br':
      return <br />
    case 'strong':
      return <strong>{blocks(token.tokens)}</strong>
    case 'em':
      return <em>{blocks(token.tokens)}</em>
    case 'del':
      return <del>{blocks(token.tokens)}</del>
    case 'codespan':
      return <code>{token.text}</code>
    case 'link':
      return /^(https?:|mailto:)/i.test(token.href) ? (
        <a href={token.href} target="_blank" rel="noopener noreferrer nofollow">
          {blocks(token.tokens)}
        </a>
      ) : (
        blocks(token.tokens)
      )
    case 'image':
      return <ImageName alt={token.text} />
    case 'text':
      return token.tokens ? blocks(token.tokens) : token.text
    case 'escape':
      return token.text
    case 'html':
      return token.raw
  }
}

function ImageName({ alt }: { alt: string }) {
  return <em>{useWords().shared.image({ alt })}</em>
}

function cells(row: { tokens: Token[] }[], Cell: 'th' | 'td'): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: as above
  return row.map((cell, index) => <Cell key={index}>{blocks(cell.tokens)}</Cell>)
}
