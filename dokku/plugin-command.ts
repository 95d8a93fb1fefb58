import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, commandsFor, type Group, optional, rest } from '#lib/command.ts'
import { hasCode } from '#lib/errors.ts'
import { plain } from '#lib/output.ts'
import { byBytes, type Plugin } from '#plugn'
import type { Right } from './access.ts'
import type { Context } from './context.ts'
import { callingPlugin } from './nested.ts'
import type { Typed } from './plugin-environment.ts'

const { command } = commandsFor<Context, Right>()

/** The variables that programs of plugins get, for whoever acts now and what they typed. */
export type PluginEnvironment = (typed?: Typed) => Readonly<Record<string, string>>

/**
 * The commands that a plugin adds by executables: `commands/NAME` gets what was typed after the name, `subcommands/NAME`
 * the whole line, as Dokku's do. NAME is the command `PLUGIN:NAME`, `default` the plugin's own name.
 */
export async function pluginGroup(plugin: Plugin, environment: PluginEnvironment): Promise<Group<Context, Right> | undefined> {
  const found = await Promise.all(
    ['commands', 'subcommands'].map(async (folder) => (await files(join(plugin.dir, folder))).map((file) => ({ folder, file }))),
  )
  const commands = found
    .flat()
    .map(({ folder, file }) => ({ folder, file, name: nameOf(plugin.name, file) }))
    .filter(({ name }) => /^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)?$/.test(name))
    .map(({ folder, file, name }) => executableCommand(plugin, name, `${folder}/${file}`, environment))
  if (commands.length === 0) return undefined
  return { name: plugin.name, summary: plain(plugin.manifest.description) || `Commands of the plugin ${plugin.name}`, commands }
}

function nameOf(plugin: string, file: string): string {
  return file === 'default' ? plugin : file.includes(':') ? file : `${plugin}:${file}`
}

function executableCommand(plugin: Plugin, name: string, path: string, environment: PluginEnvironment): Command<Context, Right> {
  return command({
    name,
    summary: plain(plugin.manifest.commands[name] ?? '') || `run ${path} of the plugin ${plugin.name}`,
    args: { words: optional(rest('WORD')) },
    passthrough: true,
    examples: [name],
    right: 'admin',

    async run({ args, context }) {
      return await runExecutable(plugin, path, path.startsWith('subcommands/') ? [name, ...args.words] : args.words, context, environment)
    },
  })
}

/** Runs one of a plugin's programs with the caller's streams and the caller's rights. */
export async function runExecutable(
  plugin: Plugin,
  path: string,
  words: readonly string[],
  context: Context,
  environment: PluginEnvironment,
): Promise<number> {
  const { session } = context
  return await callingPlugin(async (mark) => {
    const call = {
      hook: path,
      args: words,
      input: undefined,
      stdin: session.stdin,
      stdout: session.stdout,
      stderr: session.stderr,
      env: { ...environment({ ...context, terminal: session.header.terminal !== undefined }), DOKKU_NESTED: mark },
      cwd: plugin.dir,
      signal: session.closed,
    }
    for (const responder of plugin.responders) if (await responder.handles(path)) return (await responder.call(call)).status
    return 127
  })
}

/**
 * Dokku's older form: an executable called `commands` of each plugin in turn is asked, until one does not say that the
 * command is not its own. Undefined when all say so.
 */
export async function runFallback(
  plugins: readonly Plugin[],
  words: readonly string[],
  context: Context,
  environment: PluginEnvironment,
): Promise<number | undefined> {
  for (const plugin of plugins) {
    const handled = await Promise.all(plugin.responders.map((one) => one.handles('commands')))
    const status = handled.includes(true) ? await runExecutable(plugin, 'commands', words, context, environment) : notImplemented
    if (status !== notImplemented) return status
  }
  return undefined
}

/** What an executable `commands` exits with for a command that is not its own. */
const notImplemented = 10

async function files(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir, { withFileTypes: true }))
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort(byBytes)
  } catch (error) {
    // Dokku's own form: one executable called `commands`.
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
