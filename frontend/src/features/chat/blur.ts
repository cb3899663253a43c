import { createContext, useContext } from 'react'
import type { Candidate } from '@/api/types'

/** Whether this person wants the responses of this conversation covered until asked for. */
export const BlurContext = createContext(false)

/** Why a response is covered, if it is. */
export function useCovered(candidate: Candidate): 'reported' | 'asked' | null {
  const blur = useContext(BlurContext)
  return candidate.reported ? 'reported' : blur ? 'asked' : null
}
