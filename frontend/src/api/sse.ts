interface ServerEvent {
  event: string
  data: unknown
}

/** The events of a stream that is read once and not taken up again (a turn's stream, which is: `turn-events.ts`). */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let buffer = ''
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) return
      buffer += decoder.decode(value, { stream: true })
      const blocks = buffer.split(/\r\n\r\n|\n\n|\r\r/)
      buffer = blocks.pop() ?? ''
      for (const block of blocks) {
        const lines = block.split(/\r\n|\r|\n/)
        const event = fieldOf(lines, 'event')
        const data = fieldOf(lines, 'data')
        if (event && data) yield { event, data: JSON.parse(data) as unknown }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function fieldOf(lines: string[], field: string): string {
  return lines
    .filter((line) => line.startsWith(`${field}:`))
    .map((line) => line.slice(field.length + 1).replace(/^ /, ''))
    .join('\n')
}
