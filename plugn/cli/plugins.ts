import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import { plain } from '#lib/output.ts'
import { quoteWord } from '#lib/words.ts'
import { pluginPath } from '../path.ts'
import { store } from '../store.ts'
import { parseToml } from '../toml.ts'
import { badUsage, type Context, storeOf } from './command.ts'

export async function init(_words: string[], { env, cwd, print }: Context): Promise<number> {
  const path = await pluginPath(env, cwd)
  await store(path).init()
  print(`Initialized empty Plugn plugin path in ${path}`)
  return 0
}

/** Rows are upstream's, which scripts cut at their columns. */
export async function list(_words: string[], context: Context): Promise<number> {
  const rows = await Promise.all(
    (await (await storeOf(context)).list()).map(async ({ name, dir, enabled }) => {
      const { version, description } = await shown(dir, context)
      return `  ${name.padEnd(20)} ${version.padEnd(5)} ${(enabled ? 'enabled' : 'disabled').padEnd(10)} ${description}`
    }),
  )
  if (rows.length > 0) context.print(rows.join('\n'))
  return 0
}

export async function enable(words: string[], context: Context): Promise<number> {
  const force = words.includes('--force')
  const [name, ...more] = words.filter((word) => word !== '--force')
  if (name === undefined || more.length > 0) throw badUsage('enable <plugin> [--force]')
  const plugins = await storeOf(context)
  await (await import('../compatibility.ts')).checkEnable(plugins, name, { force, warn: (text) => context.say(` !     ${text}`) })
  await plugins.enable(name)
  return 0
}

export async function disable([name, ...more]: string[], context: Context): Promise<number> {
  if (name === undefined || more.length > 0) throw badUsage('disable <plugin>')
  await (await storeOf(context)).disable(name)
  return 0
}

export async function source(_words: string[], context: Context): Promise<number> {
  for (const { name, dir } of await (await storeOf(context)).listEnabled()) {
    const path = join(dir, `${name}.sh`)
    const file = await lstat(path).catch(() => undefined)
    if (file?.isFile() || file?.isSymbolicLink()) context.print(`source ${quoteWord(path)}`)
  }
  return 0
}

/** What a plugin says of itself, in one line each; what is missing, or cannot be read, is upstream's `<nil>`. */
async function shown(dir: string, { say }: Context): Promise<{ version: string; description: string }> {
  const path = join(dir, 'plugin.toml')
  let table: Readonly<Record<string, unknown>> = {}
  try {
    const { plugin } = parseToml((await readIfThere(path)) ?? '', path)
    if (typeof plugin === 'object' && plugin !== null) table = plugin as typeof table
  } catch (error) {
    say(` !     ${messageOf(error)}`)
  }
  const text = (key: string) => plain(String(table[key] ?? '<nil>')).replaceAll('\n', ' ')
  return { version: text('version'), description: text('description') }
}
