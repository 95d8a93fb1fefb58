import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, UserError } from '#lib/errors.ts'
import { run } from '#lib/exec.ts'
import type { Output } from '#lib/output.ts'
import { type Additions, rawText } from '#nginx'
import type { App } from './app.ts'
import { computedProperty } from './computed-property.ts'
import { limited } from './locks.ts'
import type { Manifest } from './manifest.ts'
import { currentRelease } from './release.ts'
import { frontOf } from './site-front.ts'
import { templateVariables } from './template-variables.ts'

type Template = NonNullable<Manifest['template']>

/** The program that fills in templates, apart from us: it may take for ever, or all memory. */
const sigil = join(import.meta.dirname, '../plugins/common/sigil/main.ts')

const longest = { template: 64_000, text: 250_000, milliseconds: 10_000 }

/** The template for nginx in a tree, where Dokku has one; one that is served is tried first, so that a deploy that it would fail fails early. */
export async function readTemplate(app: App, dir: string, manifest: Manifest, output: Output): Promise<Manifest> {
  const name = computedProperty(app, 'nginx nginx-conf-sigil-path') ?? 'nginx.conf.sigil'
  const path = join(dir, name)
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || computedProperty(app, 'nginx disable-custom-config') === 'true') return manifest
  if (!found.isFile() || found.size > longest.template) throw bad(`${name} is no file of ${longest.template} bytes at most`)
  const template = { name, text: await readFile(path, 'utf8') }
  if (isAllowed(app)) await fill(app, template, Object.keys(manifest.processes))
  else output.warn(`${name} is ignored: an admin may allow it by nginx:set ${app.name} allow-raw-config true`)
  return { ...manifest, template }
}

/** What is to be served by the template of an app's release in place of our own server; undefined where that is none of it, with the reason. */
export async function templateOf(app: App): Promise<{ text?: { path: string; text: string }; left: string[] }> {
  const release = currentRelease(app)
  const template = release?.manifest.template
  if (release === undefined || template === undefined || !isAllowed(app) || app.hosts.length === 0) return { left: [] }
  const { front } = frontOf(app)
  if (front !== undefined) return { left: [`${template.name} is set aside while the app has ${Object.keys(front).join(', ')}`] }
  try {
    const text = await fill(app, template, Object.keys(release.manifest.processes))
    return { text: { path: `/home/dokku/${app.name}/nginx.conf.sigil`, text }, left: [] }
  } catch (error) {
    return { left: [messageOf(error)] }
  }
}

/** With the text of a template beside what plugins have. */
export function withTemplate(
  app: App,
  additions: Additions | 'kept' | undefined,
  text: { path: string; text: string } | undefined,
): Additions | 'kept' | undefined {
  if (text === undefined || additions === 'kept') return additions
  const { folders, inside, beside, files } = additions ?? { folders: [], inside: [], beside: [], files: [] }
  const folder = `/home/dokku/${app.name}`
  return { folders: [...new Set([...folders, folder])], inside, beside: [...beside, text], files }
}

function isAllowed(app: App): boolean {
  const is = (name: string) => computedProperty(app, `nginx ${name}`) === 'true'
  return is('allow-raw-config') && !is('disable-custom-config')
}

/** What an app's template was last, and what it made of what. */
const last = new WeakMap<App, { input: string; text: string }>()

/** All sites may be asked for at once: not so many processes run. */
const atMost = limited(2)

async function fill(app: App, template: Template, processes: readonly string[]): Promise<string> {
  const { name, text } = template
  const input = JSON.stringify({ name, template: text, variables: templateVariables(app, processes), environment: app.config.all() })
  const before = last.get(app)
  if (before?.input === input) return before.text
  const filled = { input, text: await atMost(() => fillIn(app, name, input)) }
  last.set(app, filled)
  return filled.text
}

async function fillIn(app: App, name: string, input: string): Promise<string> {
  const signal = AbortSignal.timeout(longest.milliseconds)
  const argv: [string, ...string[]] = [process.execPath, '--max-old-space-size=128', sigil, '--json']
  const { stdout, stderr, exitCode } = await run(argv, { input, signal, env: {}, allow: 'any' }).catch((cause: unknown) => {
    throw bad(`${name} takes too long, or too much memory`, cause)
  })
  if (exitCode !== 0) throw bad(stderr.trim().split('\n').at(-1)?.slice(0, 300) || `${name} takes too much memory`)
  if (stdout.length > longest.text) throw bad(`${name} makes more than ${longest.text} bytes`)
  const own = `/home/dokku/${app.name}/`
  const folders = [own, `/var/lib/dokku/data/nginx-vhosts/`]
  try {
    const prefix = `app_${app.name.replaceAll(/[^a-z0-9]/g, '_')}_`
    return rawText(stdout, { site: app.site, hosts: app.hosts, folders, prefix })
  } catch (error) {
    throw error instanceof UserError ? bad(`${name}, filled in, ${error.message}`, error) : error
  }
}

function bad(why: string, cause?: unknown): UserError {
  return new UserError('bad-template', why, {
    hint: 'docs/guide/nginx.md says what a template may have; nginx:set APP disable-custom-config true does without',
    cause,
  })
}
