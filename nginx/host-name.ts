import { domainToASCII } from 'node:url'
import { z } from 'zod'

/** A host name as a person may type it: lower-cased, IDN to punycode, a final dot dropped, `*.` at the front allowed. */
export const hostName = z.string().transform((text, context) => {
  const host = asciiHost(text)
  if (host !== undefined) return host
  context.issues.push({ code: 'custom', input: text, message: `${JSON.stringify(text)} is not a host name` })
  return z.NEVER
})

/** The canonical form of a host name, or undefined when it is none (RFC 1123 labels, at most 253 characters). */
function asciiHost(text: string): string | undefined {
  const wildcard = text.startsWith('*.')
  const name = domainToASCII(wildcard ? text.slice(2) : text).replace(/\.$/, '')
  // The URL parser forgives much (tabs are dropped, %41 is A); what it changed beyond case and script is refused.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it tests for
  if (/^[\x00-\x7f]*$/.test(text) && text.toLowerCase().replace(/\.$/, '') !== (wildcard ? `*.${name}` : name)) return undefined
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it tests for
  if (/[\x00-\x20%/\\:?#@\x7f]/.test(text)) return undefined
  if (name.length + (wildcard ? 2 : 0) > 253) return undefined
  const labels = name.split('.')
  if (!labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))) return undefined
  return wildcard ? `*.${name}` : name
}
