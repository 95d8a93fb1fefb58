import { text } from 'node:stream/consumers'
import type { Output } from '#lib/output.ts'
import { misused, read } from '../usage.ts'
import { callers } from './callers.ts'
import { stateDir } from './places.ts'

const state = { type: 'string', default: stateDir } as const

/** `builder allow`. */
export async function allow(words: string[], out: Output): Promise<number> {
  const { values, positionals } = read(words, { state, token: { type: 'boolean', default: false } })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw misused('a name is needed')
  const known = callers(values.state)
  out.line(values.token ? await known.allowToken(name) : await known.allowKey(name, await text(process.stdin)))
  return 0
}

/** `builder forbid`. */
export async function forbid(words: string[]): Promise<number> {
  const { values, positionals } = read(words, { state })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) throw misused('a name is needed')
  await callers(values.state).forbid(name)
  return 0
}

/** `builder auth USER KEY`, or `USER -` with the secret on standard input: the doors' question, unless they have another program for it. */
export async function auth(words: string[], out: Output): Promise<number> {
  const { values, positionals } = read(words, { state })
  const [user = '', key = ''] = positionals
  const known = callers(values.state)
  if (key === '-') return (await known.hasToken(user, (await text(process.stdin)).replace(/\n$/, ''))) ? 0 : 1
  const caller = await known.byKey(key)
  if (caller === undefined) return 1
  out.line(`NAME=${caller.name}\nFINGERPRINT=${caller.fingerprint}`)
  return 0
}
