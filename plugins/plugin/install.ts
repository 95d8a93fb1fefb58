import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Context, pluginGit, UserError, version } from 'dokku'
import { type Fetched, installPlugin, uninstallPlugin, updatePlugin } from '#plugn'
import { rightsOf } from './rights.ts'

/** What whoever installs a plugin has said about it. */
export interface Wishes {
  readonly name?: string | undefined
  readonly committish?: string | undefined
  readonly digest?: string | undefined
  /** It may do what it asks for. */
  readonly yes: boolean
  /** It may bring commands of groups that the image has. */
  readonly replace: boolean
}

/** Installs, prepares and enables a plugin. One that cannot be prepared is not there afterwards. */
export async function install(source: string, wishes: Wishes, context: Context): Promise<void> {
  const { store, reload } = context.instance.plugins
  context.output.step(`Installing ${source}`)
  const fetched = await installPlugin(store, source, { ...given(wishes, context), accept: (one) => accept(one, wishes, context) })
  if (fetched === 'already') return context.output.detail('It is installed already')
  const { name, manifest, pin } = fetched
  await store.enable(name)
  await reload()
  try {
    for (const hook of ['dependencies', 'install']) await call(name, hook, [], context)
  } catch (error) {
    await uninstallPlugin(store, name)
    await reload()
    throw error
  }
  await context.instance.cron.reload()
  context.output.result(`Plugin ${name}${manifest.version && ` ${manifest.version}`} is installed and enabled`)
  context.output.detail(pin.commit === undefined ? pin.digest : `${pin.commit} ${pin.digest}`)
}

/** Another state of a plugin, or the newest of the one it follows. */
export async function update(name: string, wishes: Wishes, context: Context): Promise<void> {
  const { store, reload } = context.instance.plugins
  context.output.step(`Updating ${name}`)
  const { pin } = await updatePlugin(store, name, { ...given(wishes, context), accept: (one) => accept(one, wishes, context) })
  await reload()
  for (const hook of ['dependencies', 'install', 'update']) await call(name, hook, [], context)
  await context.instance.cron.reload()
  context.output.detail(`Plugin (${name}) updated${pin.committish === undefined ? '' : ` and pinned to ${pin.committish}`}`)
}

/** Has every enabled plugin see to what it needs; Dokku's word for it. */
export async function installDependencies(context: Context): Promise<void> {
  for (const { name, enabled } of await context.instance.plugins.store.list()) {
    if (!enabled) continue
    context.output.step(`Dependencies of ${name}`)
    await call(name, 'dependencies', [], context)
  }
}

/** Lets a plugin clean up, and removes it. */
export async function uninstall(name: string, context: Context): Promise<void> {
  const { store, reload } = context.instance.plugins
  await store.find(name)
  context.output.step(`Uninstalling ${name}`)
  await call(name, 'uninstall', [name], context)
  await uninstallPlugin(store, name)
  await reload()
  await context.instance.cron.reload()
}

function given({ name, committish, digest }: Wishes, context: Context) {
  return {
    ...fitting(context),
    git: pluginGit,
    ...(name === undefined ? {} : { name }),
    ...(committish === undefined ? {} : { committish }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** What a plugin must fit to, and what becomes of one that does not. */
export function fitting({ force, output }: Context) {
  return { host: { version }, force, warn: output.warn }
}

/** Calls one hook of one plugin; UserError `hook-failed`. */
async function call(name: string, hook: string, args: readonly string[], { instance, session }: Context): Promise<void> {
  const { stdout, stderr, closed } = session
  const status = await instance.plugins.trigger(hook, args, { stdin: undefined, stdout, stderr, signal: closed }, name)
  if (status !== 0) throw new UserError('hook-failed', `the plugin ${name} failed at ${hook}: exit status ${status}`, { exitCode: status })
}

/** Refuses a plugin that would take a command of ours, or to which nobody says yes. */
async function accept({ name, dir, manifest }: Fetched, { yes, replace }: Wishes, context: Context): Promise<void> {
  const core = context.groups.filter((group) => context.instance.plugins.own().some((one) => one.name === group.name))
  const brings = [name, ...(await commandsIn(dir))].map((command) => command.split(':')[0])
  const taken = core.find((group) => brings.includes(group.name))
  if (taken !== undefined && !replace)
    throw new UserError('core-command', `${name} brings commands of ${taken.name}, which are part of dokku`, {
      hint: '--replace if it is to have those that dokku lacks',
    })
  if (yes || context.force) return
  context.output.line(`${name} asks to:`)
  for (const right of rightsOf(manifest)) context.output.line(`  - ${right}`)
  if (context.session.header.terminal === undefined)
    throw new UserError('not-confirmed', `nobody said yes to ${name}`, { hint: '--yes, or install it from a terminal (ssh -t)' })
  context.session.stderr.write('Install it? [y/N] ')
  const lines = createInterface({ input: context.session.stdin })
  const { value } = await lines[Symbol.asyncIterator]().next()
  lines.close()
  if (!/^y(es)?$/i.test(value?.trim() ?? '')) throw new UserError('not-confirmed', `${name} is not installed`)
}

async function commandsIn(dir: string): Promise<string[]> {
  const found = await Promise.all(['commands', 'subcommands'].map((folder) => readdir(join(dir, folder)).catch(() => [])))
  return found.flat().filter((file) => file.includes(':'))
}
