import type { Instance } from '../instance.ts'

/** `wrong` needs somebody; of a `warning` somebody should know; what is `unknown` could not be looked at. */
export type Level = 'ok' | 'warning' | 'wrong' | 'unknown'

/** One thing that was found, and what to do about it. */
export interface Finding {
  readonly level: Level
  readonly text: string
  readonly hint?: string
}

/** One thing that doctor looks at: `look` gathers what is, and never changes it. */
export interface Check {
  readonly name: string
  look(instance: Instance): Promise<readonly Finding[]>
}

export const ok = (text: string): Finding => ({ level: 'ok', text })
export const warning = (text: string, hint: string): Finding => ({ level: 'warning', text, hint })
export const wrong = (text: string, hint: string): Finding => ({ level: 'wrong', text, hint })
export const unknown = (text: string, hint: string): Finding => ({ level: 'unknown', text, hint })
