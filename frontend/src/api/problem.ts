/** An answer of the server that says no: `application/problem+json`, one sentence a person can act on. */
export class Problem extends Error {
  readonly status: number
  /** The error's kebab-case name, e.g. `turn-undecided`. */
  readonly type: string

  constructor(status: number, type: string, detail: string) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.type = type
  }
}

/** No answer at all: offline, server restarting, connection cut. Nothing is known about what happened to the request. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The server cannot be reached. Nothing you wrote is lost.', { cause })
    this.name = 'Unreachable'
  }
}

/** The problem that a refused response carries; also proxies' HTML pages and empty bodies become one sentence. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  const { type, detail, title } = (body ?? {}) as Record<string, unknown>
  const sentence = [detail, title].find((text) => typeof text === 'string' && text !== '')
  return new Problem(
    response.status,
    typeof type === 'string' ? type : 'unknown',
    typeof sentence === 'string'
      ? sentence
      : `The server answered ${response.status} ${response.statusText}.`.trim(),
  )
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof Problem && error.status === 401
}

/** Trying the same request again may help: nobody answered, or the server itself was in trouble. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Problem && error.status >= 500)
}
