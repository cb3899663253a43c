import type { Figure } from '@/api/types'
import { coloursOf, warmth } from '@/components/figure-colours'

const SCALE = 2 // sharp in a document
const HEAD = 64 // above the chart: what it is, and which colour is what
const MARGIN = 12

/** The chart as it is on the page, with its title and its legend, which are not part of the drawing there. */
export async function chartPng(figure: Figure, svg: SVGSVGElement): Promise<Blob> {
  const { width, height } = svg.getBoundingClientRect()
  const { canvas, pen, page, scheme } = paper(figure.title, width, height + HEAD)
  let at = MARGIN
  const colours = coloursOf(scheme, figure.series)
  figure.series.forEach((series, index) => {
    if (series.role === 'background' || series.role === 'companion') return
    pen.fillStyle = colours[index] ?? page.color
    pen.fillRect(at, 40, 10, 10)
    pen.fillStyle = page.color
    pen.fillText(series.name, at + 15, 49)
    at += 35 + pen.measureText(series.name).width
  })
  pen.drawImage(await imageOf(svg, width, height, page.fontFamily), 0, HEAD, width, height)
  return blobOf(canvas)
}

const CELL = { width: 42, height: 30, gap: 2 }
const LONGEST = 220 // of a name; a longer one is squeezed

/** The matrix as it is on the page, drawn from its numbers: a table is no picture yet. */
export function matrixPng(figure: Figure): Promise<Blob> {
  const names = figure.series.map((row) => row.name)
  const ruler = paper('', 1, 1).pen
  const longest = Math.min(LONGEST, Math.max(...names.map((name) => ruler.measureText(name).width)))
  const [left, top] = [MARGIN + longest + 10, HEAD + longest + 8]
  const side = (cells: number, cell: number) => cells * (cell + CELL.gap) + MARGIN
  const [width, height] = [left + side(names.length, CELL.width), top + side(names.length, CELL.height)]
  const { canvas, pen, page, scheme } = paper(figure.title, Math.max(width, 360), height)
  pen.fillText(`${figure.y.label} (${figure.y.unit}) ↓ ${figure.x.label} →`, MARGIN, 49)
  pen.textBaseline = 'middle'
  names.forEach((name, column) => {
    pen.save()
    pen.translate(left + column * (CELL.width + CELL.gap) + CELL.width / 2, top - 8)
    pen.rotate(-Math.PI / 2)
    pen.fillText(name, 0, 0, longest)
    pen.restore()
  })
  figure.series.forEach((row, down) => {
    const y = top + down * (CELL.height + CELL.gap)
    pen.textAlign = 'start'
    pen.fillText(row.name, MARGIN, y + CELL.height / 2, longest)
    pen.textAlign = 'center'
    names.forEach((name, column) => {
      const point = row.points.find(({ x }) => x === name)
      if (!point) return
      const x = left + column * (CELL.width + CELL.gap)
      const { colour, strength } = warmth(scheme, point.y)
      pen.globalAlpha = strength
      pen.fillStyle = colour
      pen.fillRect(x, y, CELL.width, CELL.height)
      pen.globalAlpha = 1
      pen.fillStyle = page.color
      pen.fillText(String(Math.round(point.y)), x + CELL.width / 2, y + CELL.height / 2)
    })
  })
  return blobOf(canvas)
}

/** An empty sheet in the page's colours, with the title on it. */
function paper(title: string, width: number, height: number) {
  const canvas = document.createElement('canvas')
  canvas.width = width * SCALE
  canvas.height = height * SCALE
  const page = getComputedStyle(document.body)
  const scheme: 'light' | 'dark' =
    document.documentElement.dataset.mantineColorScheme === 'dark' ? 'dark' : 'light'
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('This browser draws no pictures.')
  pen.scale(SCALE, SCALE)
  pen.fillStyle = scheme === 'dark' ? '#1d2125' : '#ffffff'
  pen.fillRect(0, 0, width, height)
  pen.fillStyle = page.color
  pen.font = `650 15px ${page.fontFamily}`
  pen.fillText(title, MARGIN, 24, width - 2 * MARGIN)
  pen.font = `12px ${page.fontFamily}`
  return { canvas, pen, page, scheme }
}

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))))
  })
}

async function imageOf(svg: SVGSVGElement, width: number, height: number, font: string) {
  const copy = svg.cloneNode(true) as SVGSVGElement
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  copy.setAttribute('font-family', font)
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`
  await image.decode()
  return image
}
