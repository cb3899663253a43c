"""Screenshots a third of the size: a page has few colours, and PNG can name 256 of them in a byte each."""

import base64
import struct
import zlib

from playwright.sync_api import Page

# The 256 most frequent colours; each other pixel, of some antialiased edge, takes the nearest of them.
QUANTISE = """async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob())
  const {width, height} = image
  const canvas = new OffscreenCanvas(width, height).getContext('2d')
  canvas.drawImage(image, 0, 0)
  const pixels = new Uint32Array(canvas.getImageData(0, 0, width, height).data.buffer)
  const counts = new Map()
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
  const palette = [...counts].sort((one, two) => two[1] - one[1]).slice(0, 256).map(([pixel]) => pixel)
  const channels = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]
  const colours = palette.map(channels)
  const places = new Map(palette.map((pixel, place) => [pixel, place]))
  for (const pixel of counts.keys()) {
    if (places.has(pixel)) continue
    const [red, green, blue] = channels(pixel)
    let nearest = 0, least = Infinity
    for (let place = 0; place < colours.length; place++) {
      const [r, g, b] = colours[place]
      const far = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2
      if (far < least) [nearest, least] = [place, far]
    }
    places.set(pixel, nearest)
  }
  const bytes = Uint8Array.from(pixels, (pixel) => places.get(pixel))
  let text = ''
  for (let at = 0; at < bytes.length; at += width) text += String.fromCharCode(...bytes.subarray(at, at + width))
  return {width, height, colours, pixels: btoa(text)}
}"""


def small_png(darkroom: Page, png: bytes) -> bytes:
    """The same picture in 256 colours. The darkroom is any empty page: a browser is what can decode a PNG here."""
    found = darkroom.evaluate(QUANTISE, base64.b64encode(png).decode())
    width, height = found["width"], found["height"]
    pixels = base64.b64decode(found["pixels"])
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))  # \0: not filtered
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),  # 8 bits, by palette
            (b"PLTE", bytes(value for colour in found["colours"] for value in colour)),
            (b"IDAT", zlib.compress(rows, 7)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
