import type { Figure } from '@/api/types'
import { coloursOf } from '@/components/figure-colours'

const SCALE = 2 // sharp in a document
const HEAD = 64 // above the chart: what it is, and which colour is what

/** The chart as it is on the page, with its title and its legend, which are not part of the drawing there. */
export async function pngOf(figure: Figure, svg: SVGSVGElement): Promise<Blob> {
  const { width, height } = svg.getBoundingClientRect()
  const page = getComputedStyle(document.body)
  const dark = document.documentElement.dataset.mantineColorScheme === 'dark'
  const canvas = document.createElement('canvas')
  canvas.width = width * SCALE
  canvas.height = (height + HEAD) * SCALE
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('This browser draws no pictures.')
  pen.scale(SCALE, SCALE)
  pen.fillStyle = dark ? '#1d2125' : '#ffffff'
  pen.fillRect(0, 0, width, height + HEAD)
  pen.fillStyle = page.color
  pen.font = `650 15px ${page.fontFamily}`
  pen.fillText(figure.title, 12, 24, width - 24)
  pen.font = `12px ${page.fontFamily}`
  let at = 12
  const colours = coloursOf(dark ? 'dark' : 'light', figure.series)
  figure.series.forEach((series, index) => {
    if (series.role === 'background' || series.role === 'companion') return
    pen.fillStyle = colours[index] ?? page.color
    pen.fillRect(at, 40, 10, 10)
    pen.fillStyle = page.color
    pen.fillText(series.name, at + 15, 49)
    at += 35 + pen.measureText(series.name).width
  })
  pen.drawImage(await imageOf(svg, width, height, page.fontFamily), 0, HEAD, width, height)
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
