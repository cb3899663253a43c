import type { Sheet } from '@/api/types'
import { eloOf, gainOf } from './sheet-table'
import { words } from './words'

const SCALE = 2 // sharp in a document
const WIDTH = 1280
const PAD = 16
const LINE = 20
const MOST_LINES = 12 // of one response: a picture is to be looked at

interface Colours {
  page: string
  surface: string
  line: string
  text: string
  faint: string
  gain: string
}

/** The sheet as a picture for a README, in the colours of the page as it is. */
export async function pngOfSheet(title: string, sheet: Sheet): Promise<Blob> {
  const pen = document.createElement('canvas').getContext('2d')
  if (!pen) throw new Error(words.pictureFailed)
  const colours = coloursOf(document.documentElement.dataset.mantineColorScheme === 'dark')
  const height = draw(pen, title, sheet, colours) // once to know how high it is
  pen.canvas.width = WIDTH * SCALE
  pen.canvas.height = height * SCALE
  pen.scale(SCALE, SCALE)
  draw(pen, title, sheet, colours)
  return new Promise((resolve, reject) => {
    pen.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(words.pictureFailed))))
  })
}

function coloursOf(dark: boolean): Colours {
  return dark
    ? {
        page: '#14171a',
        surface: '#1d2125',
        line: '#343a41',
        text: '#e4e8ec',
        faint: '#9aa5b1',
        gain: '#38d9a9',
      }
    : {
        page: '#f6f7f9',
        surface: '#ffffff',
        line: '#dfe3e8',
        text: '#1b2026',
        faint: '#5b6570',
        gain: '#087f5b',
      }
}

/** Draws from the top to the bottom, and says how far that is. */
function draw(pen: CanvasRenderingContext2D, title: string, sheet: Sheet, colours: Colours): number {
  const family = getComputedStyle(document.body).fontFamily
  const font = (size: number, weight = 400) => `${weight} ${size}px ${family}`
  const first = 200
  const width = (WIDTH - 2 * PAD - first) / sheet.columns.length
  const left = (at: number) => (at === 0 ? PAD : PAD + first + (at - 1) * width)
  const room = (at: number) => (at === 0 ? first : width) - 24

  pen.fillStyle = colours.page
  pen.fillRect(0, 0, pen.canvas.width, pen.canvas.height)
  pen.fillStyle = colours.text
  pen.font = font(22, 650)
  pen.fillText(title, PAD, 38, WIDTH - 2 * PAD)
  let top = 60

  const band = (cells: Written[][], background: string) => {
    const high = Math.max(...cells.map((cell) => cell.length)) * LINE + 2 * 12
    pen.fillStyle = background
    pen.fillRect(PAD, top, WIDTH - 2 * PAD, high)
    pen.strokeStyle = colours.line
    cells.forEach((cell, at) => {
      pen.strokeRect(left(at) + 0.5, top + 0.5, at === 0 ? first : width, high)
      cell.forEach((line, number) => {
        pen.font = line.font
        pen.fillStyle = line.colour
        pen.fillText(line.text, left(at) + 12, top + 12 + 15 + number * LINE)
      })
    })
    top += high
  }
  const written = (at: number, text: string, style: string, colour: string, most = MOST_LINES): Written[] => {
    pen.font = style
    return wrapped(pen, text, room(at), most).map((line) => ({ text: line, font: style, colour }))
  }

  band(
    [
      written(0, words.prompt, font(14, 650), colours.text),
      ...sheet.columns.map((column, at) => [
        ...written(at + 1, `Week ${column.number}`, font(14, 650), colours.text),
        ...written(at + 1, column.number === 0 ? words.initial : column.name, font(13), colours.faint),
        ...written(at + 1, `${words.elo} ${eloOf(column)}`, font(13), colours.faint),
      ]),
    ],
    colours.page,
  )
  for (const row of sheet.rows) {
    band(
      [
        written(0, row.prompt.at(-1)?.content ?? '', font(14, 600), colours.text),
        ...sheet.columns.map((_, at) => {
          const answer = row.answers[at]
          if (!answer) return written(at + 1, words.notAsked, font(14), colours.faint)
          const gain = gainOf(answer)
          return [
            ...written(at + 1, answer.text.trim() || words.empty, font(14), colours.text),
            ...(gain ? written(at + 1, words.gain(gain), font(13, 600), colours.gain) : []),
          ]
        }),
      ],
      colours.surface,
    )
  }
  return top + PAD
}

interface Written {
  text: string
  font: string
  colour: string
}

/** In lines no wider than this; what does not fit ends with an ellipsis. */
function wrapped(pen: CanvasRenderingContext2D, text: string, width: number, most: number): string[] {
  const lines: string[] = []
  for (const paragraph of text.split('\n').filter((line) => line.trim())) {
    let line = ''
    for (const word of paragraph.split(/\s+/)) {
      const longer = line ? `${line} ${word}` : word
      if (line && pen.measureText(longer).width > width) {
        lines.push(line)
        line = word
      } else line = longer
    }
    lines.push(line)
  }
  return lines.length > most ? [...lines.slice(0, most - 1), `${lines[most - 1]} …`] : lines
}
