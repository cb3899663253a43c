import { useState } from 'react'

/** Text as it is typed, kept in this browser until it has arrived at the server: reloads, expired sessions and crashes
 * cost nothing. Storage can be full or forbidden; then a draft lives as long as the page. */
export function useDraft(name: string): [string, (text: string) => void] {
  const key = `turnwise:draft:${name}`
  const [text, setText] = useState(() => read(key))
  return [
    text,
    (next) => {
      setText(next)
      write(key, next)
    },
  ]
}

interface Sending {
  clientId: string
  text: string
}

const sendingKey = (conversationId: string) => `turnwise:sending:${conversationId}`

function sending(conversationId: string): Sending | null {
  const stored = read(sendingKey(conversationId))
  return stored ? (JSON.parse(stored) as Sending) : null
}

/** The id under which this message is sent: made once per message, so that sending it again, also after a reload, can
 * not make a second turn. A changed text is another message. */
export function clientIdOf(conversationId: string, text: string): string {
  const earlier = sending(conversationId)
  if (earlier?.text === text) return earlier.clientId
  const clientId = randomId()
  write(sendingKey(conversationId), JSON.stringify({ clientId, text }))
  return clientId
}

/** Whether the last message sent from here is among these: its answer may have been lost on the way. */
export function hasArrived(conversationId: string, clientIds: string[]): boolean {
  const earlier = sending(conversationId)
  return earlier !== null && clientIds.includes(earlier.clientId)
}

export function forgetSending(conversationId: string): void {
  write(sendingKey(conversationId), '')
}

// `crypto.randomUUID` exists on https only; a page in a local network may be plain http.
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

function write(key: string, text: string): void {
  try {
    if (text) localStorage.setItem(key, text)
    else localStorage.removeItem(key)
  } catch {
    // Full or forbidden: see above.
  }
}
