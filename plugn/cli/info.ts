import { resolve } from 'node:path'
import { plain } from '#lib/output.ts'
import { digestOf } from '../fetch.ts'
import { readPins, shownPin } from '../pins.ts'
import { bareManifest, readManifest } from '../read-manifest.ts'
import { search } from '../search.ts'
import { validatePlugin } from '../validate.ts'
import { badUsage, type Context, storeOf } from './command.ts'

/** A line for each thing that is known of an installed plugin. */
export async function info([name, ...more]: string[], { env, cwd, print }: Context): Promise<number> {
  if (name === undefined || more.length > 0) throw badUsage('info <plugin>')
  const plugins = await storeOf({ env, cwd })
  const dir = await plugins.find(name)
  const { version, description, maintainer_name, maintainer_email, website_url } = (await readManifest(dir)) ?? bareManifest
  const pin = (await readPins(plugins))[name]
  const { source, listed, committish, commit, digest, installedAt } = (pin && shownPin(pin)) ?? {}
  const enabled = (await plugins.list()).some((one) => one.name === name && one.enabled) ? 'enabled' : 'disabled'
  const from = {
    source,
    index: listed && `${listed.index} (${listed.plugin} ${listed.version})`,
    committish,
    commit,
    digest: digest && `${digest}${(await digestOf(dir)) === digest ? '' : ' (changed since it was installed)'}`,
  }
  const known = { name, version, status: enabled, description, maintainer_name, maintainer_email, website_url }
  for (const [key, value] of Object.entries({ ...known, ...from, installed: installedAt, dir }))
    if (value) print(`${key}: ${plain(value).replaceAll('\n', ' ')}`)
  return 0
}

/** Rows as those of `list`, of what the indexes have; status 1 when nothing fits. */
export async function find(words: string[], { env, cwd, print, say }: Context): Promise<number> {
  const plugins = await storeOf({ env, cwd })
  const found = await search(plugins, words, { warn: (text) => say(` !     ${text}`) })
  for (const { name, version, index, description, status, installed } of found) {
    const notes = [...(installed ? ['installed'] : []), ...(status === 'active' ? [] : [status])]
    const shown = `${plain(description).replaceAll('\n', ' ')}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`
    print(`  ${name.padEnd(20)} ${plain(version).padEnd(5)} ${index.padEnd(10)} ${shown}`)
  }
  return found.length > 0 ? 0 : 1
}

/** What is wrong in a plugin's folder: `FILE: message` on standard output; status 1 when something is more than odd. */
export async function validate([dir, ...more]: string[], { cwd, print }: Context): Promise<number> {
  if (dir === undefined || more.length > 0) throw badUsage('validate <folder of a plugin>')
  const findings = await validatePlugin(resolve(cwd, dir))
  for (const { level, where, message } of findings) print(`${level}: ${where}: ${plain(message)}`)
  return findings.some(({ level }) => level === 'error') ? 1 : 0
}
