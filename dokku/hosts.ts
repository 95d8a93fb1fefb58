import { domainToASCII } from 'node:url'
import * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { hostName } from '#nginx'
import { type App, defaultHosts, globalDomains, maybeApp, numberedApp } from './app.ts'
import type { Instance } from './instance.ts'

const owner = z.object({ id: z.number() })

/** Refuses hosts of another app: UserError `domain-taken`. */
export function assertHostsFree(app: App, hosts: readonly string[]): void {
  for (const name of hosts) {
    if (name === app.instance.settings.httpDoor)
      throw new UserError('domain-taken', `${name} is where git over HTTP and webhooks come in`, { hint: 'DOKKU_HTTP_DOOR moves that' })
    const other = servedBy(app.instance, name)
    if (other !== undefined && other.id !== app.id)
      throw new UserError('domain-taken', `${name} already serves ${other.name}`, { hint: `domains:remove ${other.name} ${name}` })
  }
}

function servedBy(instance: Instance, host: string): App | undefined {
  const added = instance.db.get(owner, 'SELECT app_id AS id FROM domains WHERE host = ?', host)
  if (added !== undefined) return numberedApp(instance, added.id)
  const chosen = instance.db.all(owner, "SELECT app_id AS id FROM properties WHERE name = 'domains host' AND value = ?", host)
  const [leads] = instance.db.all(
    owner,
    `SELECT app_id AS id FROM properties WHERE name = 'redirect front' AND value LIKE '%"from":"' || ? || '"%'`,
    host,
  )
  if (leads !== undefined) return numberedApp(instance, leads.id)
  const suffixes = globalDomains(instance).map((domain) => `.${domain}`)
  const names = [host, ...suffixes.filter((suffix) => host.endsWith(suffix)).map((suffix) => host.slice(0, -suffix.length))]
  const named = names.map((each) => maybeApp(instance, each))
  return [...chosen.map(({ id }) => numberedApp(instance, id)), ...named].find((each) => each?.hosts.includes(host))
}

/** The default host that a plugin has for an app which is to be called so; a plugin that fails, is late or names no host has none. */
export async function hostFromPlugins(instance: Instance, name: string): Promise<string | undefined> {
  const [usual = name] = defaultHosts(instance, name)
  const [vhost = ''] = globalDomains(instance)
  const subdomain = usual.endsWith(`.${vhost}`) ? usual.slice(0, -vhost.length - 1) : usual
  try {
    const [answer] = await instance.collect('nginx-hostname', { app: name, subdomain, vhost })
    const host = answer?.trim()
    return host === undefined || host === usual ? undefined : hostName.parse(host)
  } catch (error) {
    instance.log.warn({ app: name, reason: messageOf(error) }, 'no plugin chose a host')
    return undefined
  }
}

/** Stores the default host of an app that has a new name; one that serves another app is not taken. */
export function chooseHost(app: App, host: string | undefined): void {
  const other = host === undefined ? undefined : servedBy(app.instance, host)
  app.properties.set('domains host', other === undefined || other.id === app.id ? (host ?? '') : '')
}

/** A host name in small letters, punycode where it needs it; `*.example.com` is allowed. */
export function parseHostName(word: string): string {
  const wildcard = word.startsWith('*.')
  // The URL parser would drop line breaks, decode %41 and cut off a path, all without a word.
  const ascii = /[\s/?#@:%\\]/.test(word) ? '' : domainToASCII(wildcard ? word.slice(2) : word)
  if (!/^(?=.{1,250}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(ascii))
    throw new UserError('bad-domain', `${JSON.stringify(word.slice(0, 60))} is not a domain`, {
      hint: 'www.example.com or *.example.com, without scheme, port or path',
    })
  return wildcard ? `*.${ascii}` : ascii
}
