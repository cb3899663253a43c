import { keep, readKept, useKept } from '@/components/kept'

/** Text as it is typed, kept in this browser until it has arrived at the server. */
export function useDraft(name: string): [string, (text: string) => void] {
  return useKept(`turnwise:draft:${name}`)
}

interface Sending {
  clientId: string
  text: string
}

const sendingKey = (conversationId: string) => `turnwise:sending:${conversationId}`

function sending(conversationId: string): Sending | null {
  const stored = readKept(sendingKey(conversationId))
  return stored ? (JSON.parse(stored) as Sending) : null
}

/** The id under which this message is sent: made once per message, so that sending it again, also after a reload, can
 * not make a second turn. A changed text is another message. */
export function clientIdOf(conversationId: string, text: string): string {
  const earlier = sending(conversationId)
  if (earlier?.text === text) return earlier.clientId
  const clientId = randomId()
  keep(sendingKey(conversationId), JSON.stringify({ clientId, text }))
  return clientId
}

/** Whether the last message sent from here is among these: its answer may have been lost on the way. */
export function hasArrived(conversationId: string, clientIds: string[]): boolean {
  const earlier = sending(conversationId)
  return earlier !== null && clientIds.includes(earlier.clientId)
}

export function forgetSending(conversationId: string): void {
  keep(sendingKey(conversationId), '')
}

// `crypto.randomUUID` exists on https only; a page in a local network may be plain http.
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
