import { domainToASCII } from 'node:url'
import { UserError } from 'dokku'

/** A host name in small letters, punycode where it needs it; `*.example.com` is allowed. */
export function parseHost(word: string): string {
  const wildcard = word.startsWith('*.')
  // The URL parser would drop line breaks, decode %41 and cut off a path, all without a word.
  const ascii = /[\s/?#@:%\\]/.test(word) ? '' : domainToASCII(wildcard ? word.slice(2) : word)
  if (!/^(?=.{1,250}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(ascii))
    throw new UserError('bad-domain', `${JSON.stringify(word.slice(0, 60))} is not a domain`, {
      hint: 'www.example.com or *.example.com, without scheme, port or path',
    })
  return wildcard ? `*.${ascii}` : ascii
}
