import { vi } from 'vitest'

type Answer = Response | object | string | null
type Handler = (request: { body: unknown; url: URL }) => Answer | Promise<Answer>

interface Heard {
  call: string
  body: unknown
  headers: Headers
}

/** Answers for the pages' requests by "METHOD /path". What is not listed is a test's mistake and fails with its name. */
export class FakeServer {
  readonly heard: Heard[] = []
  private readonly handlers: Record<string, Handler | object>

  constructor(handlers: Record<string, Handler | object> = {}) {
    this.handlers = handlers
    vi.stubGlobal('fetch', (input: Request | string, init?: RequestInit) =>
      this.answer(new Request(typeof input === 'string' ? new URL(input, location.origin) : input, init)),
    )
  }

  on(call: string, handler: Handler | object): this {
    this.handlers[call] = handler
    return this
  }

  /** The bodies of all requests of this kind, in order. */
  bodies(call: string): unknown[] {
    return this.heard.filter((one) => one.call === call).map((one) => one.body)
  }

  private async answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const call = `${request.method} ${url.pathname.replace('/api/v1', '')}`
    const text = await request.text()
    const body: unknown = text ? JSON.parse(text) : null
    this.heard.push({ call, body, headers: request.headers })
    const handler = this.handlers[call]
    if (handler === undefined) throw new Error(`The fake server has no answer to ${call}`)
    const answer = typeof handler === 'function' ? await (handler as Handler)({ body, url }) : handler
    if (answer instanceof Response) return answer
    if (answer === null) return new Response(null, { status: 204 })
    return typeof answer === 'string' ? new Response(answer) : Response.json(answer)
  }
}

export function problem(status: number, type: string, detail: string): Response {
  return Response.json(
    { type, title: type, status, detail },
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  )
}

/** An event stream that a test writes by hand. */
export class FakeStream {
  private controller!: ReadableStreamDefaultController<Uint8Array>
  readonly response = new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.controller = controller
      },
    }),
    { headers: { 'Content-Type': 'text/event-stream' } },
  )

  send(event: string, data: object, id = ''): void {
    const block = `${id && `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    this.bytes(new TextEncoder().encode(block))
  }

  bytes(bytes: Uint8Array): void {
    this.controller.enqueue(bytes)
  }

  /** The connection is cut: a restart, a tunnel, a laptop that slept. */
  cut(): void {
    this.controller.error(new TypeError('network error'))
  }
}
