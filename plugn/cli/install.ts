import { parseArgs } from 'node:util'
import { hasCode, UserError } from '#lib/errors.ts'
import { installPlugin, uninstallPlugin, updatePlugin } from '../install.ts'
import { checkPluginName } from '../names.ts'
import { readPins } from '../pins.ts'
import type { Store } from '../store.ts'
import { badUsage, type Context, storeOf } from './command.ts'

const options = {
  committish: { type: 'string' },
  digest: { type: 'string' },
  all: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
} as const

/** The same source again is no failure, another one of the name is. */
export async function install(words: string[], context: Context): Promise<number> {
  const usage =
    'install <url, path, or name[@version] in an index> [<name>] [--committish <branch, tag or commit>] [--digest <digest>] [--force]'
  const { positionals, values } = parsed(words, usage)
  const [url, name, ...more] = positionals
  if (url === undefined || more.length > 0 || values.all) throw badUsage(usage)
  const { committish, digest, force } = values
  const wanted = { ...(committish === undefined ? {} : { committish }), ...(digest === undefined ? {} : { digest }) }
  const installed = await installPlugin(await storeOf(context), url, {
    ...(name === undefined ? {} : { name }),
    ...wanted,
    force,
    warn: warning(context),
  })
  if (installed === 'already') context.say(`Plugin already installed from ${url}`)
  return 0
}

/** As upstream's, it says nothing, and a plugin that is not there is no failure; without a name it does nothing. */
export async function uninstall([name, ...more]: string[], context: Context): Promise<number> {
  if (name === undefined || more.length > 0) throw badUsage('uninstall <plugin>')
  try {
    await uninstallPlugin(await storeOf(context), checkPluginName(name))
  } catch (error) {
    if (!hasCode(error, 'no-such-plugin')) throw error
  }
  return 0
}

/** A plugin as its source has it now; with a committish it stays at that one. */
export async function update(words: string[], context: Context): Promise<number> {
  const usage = 'update <plugin> [<branch, tag or commit>] [--digest <digest>] [--force], or update --all'
  const { positionals, values } = parsed(words, usage)
  const [name, committish = values.committish, ...more] = positionals
  const where = await storeOf(context)
  if (values.all === (name !== undefined) || more.length > 0) throw badUsage(usage)
  if (name !== undefined) return await updateOne(where, name, { committish, digest: values.digest, force: values.force }, context)
  let status = 0
  for (const one of Object.keys(await readPins(where))) status = (await updateOne(where, one, { force: values.force }, context)) || status
  return status
}

async function updateOne(
  where: Store,
  name: string,
  { committish, digest, force }: { committish?: string | undefined; digest?: string | undefined; force: boolean },
  context: Context,
): Promise<number> {
  const { print, say } = context
  try {
    const before = (await readPins(where))[name]
    const wanted = { ...(committish === undefined ? {} : { committish }), ...(digest === undefined ? {} : { digest }) }
    const { pin } = await updatePlugin(where, name, { ...wanted, force, warn: warning(context) })
    if (committish !== undefined) print(`Plugin (${name}) updated and pinned to ${committish}`)
    else if (pin.committish !== undefined && pin.commit === before?.commit) print(`Plugin pinned to ${pin.committish}`)
    else print(`Plugin (${name}) updated`)
    return 0
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    // These two upstream says to whoever reads its output.
    if (error.code === 'no-such-plugin') print(`Plugin (${name}) not installed`)
    else if (error.code === 'not-pinned') print(`Plugin (${name}) ${error.message}`)
    else say(` !     ${error.message}`)
    return error.code === 'not-pinned' ? 0 : error.exitCode
  }
}

function warning({ say }: Context) {
  return (text: string) => say(` !     ${text}`)
}

function parsed(words: string[], usage: string) {
  try {
    return parseArgs({ args: words, allowPositionals: true, options })
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) throw badUsage(usage)
    throw error
  }
}
