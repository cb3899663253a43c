import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { MarkdownTokens } from '@/components/markdown-tokens'
import { LanguageProvider } from '@/i18n/language'

function shown(text: string): HTMLElement {
  const page = (
    <LanguageProvider>
      <MarkdownTokens text={text} />
    </LanguageProvider>
  )
  return render(page).container
}

it('shows lists, code, tables and emphasis', () => {
  const page = shown(
    'A **bold** step:\n\n1. *one*\n2. `two`\n\n```python\nif a < b: pass\n```\n\n| x | y |\n|---|---|\n| 1 | 2 |',
  )
  expect(page.querySelector('strong')).toHaveTextContent('bold')
  expect(page.querySelectorAll('ol > li')).toHaveLength(2)
  expect(page.querySelector('pre code')).toHaveTextContent('if a < b: pass')
  expect(page.querySelectorAll('td')).toHaveLength(2)
})

it.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  'text <b onclick="alert(1)">bold</b>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<iframe src="https://example.com"></iframe>',
])('leaves HTML as the text it is: %s', (text) => {
  const page = shown(text)
  expect(page.querySelector('script, img, b, svg, iframe')).toBeNull()
  expect(page).toHaveTextContent(text)
})

it.each([
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  '/admin',
  '//evil.example',
])('makes no link to %s', (address) => {
  const page = shown(`[here](${address})`)
  expect(page.querySelector('a')).toBeNull()
  expect(page).toHaveTextContent('here')
})

it('opens web links elsewhere and tells them nothing', () => {
  shown('[site](https://example.com)')
  const link = screen.getByRole('link', { name: 'site' })
  expect(link).toHaveAttribute('target', '_blank')
  expect(link).toHaveAttribute('rel', expect.stringContaining('noopener'))
})

it('names an image and fetches none', () => {
  const page = shown('![a cat](https://example.com/cat.png)')
  expect(page.querySelector('img')).toBeNull()
  expect(page).toHaveTextContent('Image: a cat')
})

it('reads text that has only half arrived', () => {
  const page = shown('Here is **half a bold and\n\n```js\nconst x = ')
  expect(page).toHaveTextContent('half a bold')
  expect(page.querySelector('code')).toHaveTextContent('const x =')
})
