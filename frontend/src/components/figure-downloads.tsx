import { Anchor, Group } from '@mantine/core'
import type { RefObject } from 'react'
import { type Asked, csvOf } from '@/api/dashboard'
import { saveFile } from '@/api/save-file'
import type { Figure } from '@/api/types'
import { chartPng, matrixPng } from '@/components/figure-png'

interface FigureDownloadsProps {
  figure: Figure
  asked: Asked
  drawing: RefObject<HTMLElement | null>
}

/** The figure as a file: its numbers from the server, its picture from the page. */
export function FigureDownloads({ figure, asked, drawing }: FigureDownloadsProps) {
  const picture = async () => {
    const svg = drawing.current?.querySelector<SVGSVGElement>('svg.recharts-surface')
    const png = figure.kind === 'matrix' ? matrixPng(figure) : svg && chartPng(figure, svg)
    if (png) saveFile(await png, `${figure.name}.png`)
  }
  const numbers = () =>
    saveFile(new Blob([JSON.stringify(figure, null, 2)], { type: 'application/json' }), `${figure.name}.json`)
  return (
    <Group gap="sm">
      <Anchor size="xs" href={csvOf(figure.name, asked)} download aria-label={`${figure.title} as CSV`}>
        CSV
      </Anchor>
      <Anchor component="button" size="xs" onClick={numbers} aria-label={`${figure.title} as JSON`}>
        JSON
      </Anchor>
      <Anchor
        component="button"
        size="xs"
        onClick={() => void picture()}
        aria-label={`${figure.title} as PNG`}
      >
        PNG
      </Anchor>
    </Group>
  )
}
