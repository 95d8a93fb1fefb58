import type { z } from 'zod'
import { UserError } from '#lib/errors.ts'
import { type Front, front, type Options, options } from '#nginx'

/** What a setting of nginx makes of a site. */
export interface SitePart {
  readonly options?: Options
  readonly front?: Front
}

/** A property of `nginx:set`: Dokku's name, or ours. */
export interface SiteSetting {
  readonly summary: string
  readonly values?: readonly string[]
  /** What holds where nobody set it. */
  readonly usual?: string
  /** Only an admin may change it. */
  readonly admin?: true
  /** What a value makes of a site; throws UserError `bad-nginx-setting` for what it cannot be. */
  readonly read: (value: string) => SitePart
}

/** A setting that is an option of the site; `read` turns its text into the option's own kind. */
export function option(name: keyof Options, summary: string, usual: string, read: (text: string) => unknown = String): SiteSetting {
  return { summary, usual, read: (value) => ({ options: checked(options, { [name]: read(value) }) }) }
}

/** A setting of what stands in front of the site. */
export function inFront(read: (value: string) => unknown): SiteSetting['read'] {
  return (value) => ({ front: checked(front, read(value)) })
}

/** A setting that takes a few words only. */
export function only(parts: Readonly<Record<string, SitePart>>): SiteSetting['read'] {
  return (value) => {
    const found = Object.hasOwn(parts, value) ? parts[value] : undefined
    if (found === undefined) throw bad(`${shown(value)} is none of ${Object.keys(parts).join(', ')}`)
    return found
  }
}

/** true or false, for whoever asks for it by name. */
export const boolean = only({ true: {}, false: {} })

/** A number of seconds, for whoever asks for it by name. */
export function seconds(value: string): SitePart {
  if (!/^\d{1,10}$/.test(value)) throw bad(`${shown(value)} is not a number of seconds`)
  return {}
}

/** A relative path of plain names, for whoever asks for it by name. */
export function path(value: string): SitePart {
  if (!/^(?!\/)[\w./-]{1,200}$/.test(value) || value.split('/').includes('..')) throw bad(`${shown(value)} is not a path in a repository`)
  return {}
}

export function onOff(text: string): boolean {
  if (!['on', 'off', 'true', 'false'].includes(text)) throw bad(`${shown(text)} is neither on nor off`)
  return text === 'on' || text === 'true'
}

/** Dokku's number of kept connections; ours are shared by all apps, so it only says whether there are any. */
export function keepalive(text: string): SitePart {
  return { options: { proxyKeepalive: /^\d{1,5}$/.test(text) ? Number(text) > 0 : onOff(text) } }
}

export function count(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw bad(`${shown(text)} is not a number`)
  return Number(text)
}

/** Words between blanks or commas. */
export function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

/** `NAME: VALUE` lines. */
export function headerLines(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([^\s:]+):\s*(.*?)\s*$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw bad(`${shown(line)} is not NAME: VALUE`)
      return [name, value]
    }),
  )
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value)
  if (data === undefined) throw bad(error?.issues[0]?.message ?? 'this value cannot be')
  return data
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}

function bad(why: string): UserError {
  return new UserError('bad-nginx-setting', why, { hint: 'help nginx:set says what each property takes' })
}
