import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Answer } from './transport.ts'

const problem = z.object({
  type: z.string().max(200).optional(),
  detail: z.string().optional(),
  subproblems: z
    .array(z.object({ detail: z.string().optional(), identifier: z.object({ value: z.string() }).optional() }))
    .max(1000)
    .optional(),
})

export type Problem = z.infer<typeof problem>

/** A certificate authority does not do something. `retryAt` is when it may be asked again, where it says so. */
export class AcmeError extends UserError {
  readonly type: string
  readonly retryAt: Date | undefined
  /** The host that could not be proven, where it is one's fault alone. */
  readonly host: string | undefined

  constructor(code: 'acme-refused' | 'acme-rate-limited' | 'acme-strange', message: string, type = '', retryAt?: Date, host?: string) {
    super(code, message, retryAt === undefined ? {} : { hint: `it may be asked again at ${retryAt.toISOString()}` })
    this.type = type
    this.retryAt = retryAt
    this.host = host
  }
}

/** What an answer that is no success says, as an error. */
export function refusal(answer: Answer): AcmeError {
  const found = problem.safeParse(parsed(answer.text))
  if (!found.success) return strange(`HTTP ${answer.status} without a problem document`)
  return described(found.data, `HTTP ${answer.status}`, retryAfter(answer))
}

/** A problem in the authority's own words. */
export function described(value: unknown, otherwise: string, retryAt?: Date): AcmeError {
  const { type = '', detail, subproblems = [] } = problem.catch({}).parse(value)
  const kind = type.replace('urn:ietf:params:acme:error:', '')
  const parts = subproblems.flatMap((one) => (one.detail === undefined ? [] : `${one.identifier?.value ?? ''}: ${one.detail}`))
  const words = [detail ?? (kind || otherwise), ...parts].map(plain).join('; ')
  const message = `the certificate authority says: ${words}`
  if (kind === 'rateLimited') return new AcmeError('acme-rate-limited', message, kind, retryAt)
  return new AcmeError('acme-refused', message, kind, retryAt)
}

/** The authority does not speak the protocol. */
export function strange(what: string): AcmeError {
  return new AcmeError('acme-strange', `the certificate authority answers what it should not: ${what}`)
}

/** When an answer says to ask again: seconds or a date, a day ahead at most. */
export function retryAfter({ headers }: Pick<Answer, 'headers'>, now = Date.now()): Date | undefined {
  const text = headers['retry-after'] ?? ''
  const at = /^\d{1,9}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text)
  return Number.isNaN(at) ? undefined : new Date(Math.min(Math.max(at, now), now + 24 * 60 * 60 * 1000))
}

/** JSON, or undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Words of a stranger for a terminal: on one line, and not without end. */
function plain(text: string): string {
  return text.replace(/[^\P{C}]+/gu, ' ').slice(0, 500)
}
