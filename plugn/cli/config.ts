import { text } from 'node:stream/consumers'
import { UserError } from '#lib/errors.ts'
import { plain } from '#lib/output.ts'
import { changeSetting } from '../change-setting.ts'
import { readManifest } from '../read-manifest.ts'
import { overrideOf, readStored, settingsOf, variablesOf } from '../settings.ts'
import { badUsage, type Context, storeOf } from './command.ts'

/** One value as config.toml has it; `<nil>` for a key that is not there, and status 2 where there is nothing of that plugin. */
export async function get([plugin, key, ...more]: string[], context: Context): Promise<number> {
  if (plugin === undefined || key === undefined || more.length > 0) throw badUsage('config get <plugin> <key>')
  const { config } = await storeOf(context)
  const table = (await readStored(config))[plugin]
  if (table === undefined) throw new UserError('no-settings', `${config} has no settings of ${plugin}`, { exitCode: 2 })
  const value = table[key]
  context.print(value === undefined ? '<nil>' : typeof value === 'object' ? JSON.stringify(value) : String(value))
  return 0
}

/** A value beside `--stdin` would stand in the list of processes. */
export async function set([plugin, key, word = '', ...more]: string[], context: Context): Promise<number> {
  if (plugin === undefined || key === undefined || more.length > 0) throw badUsage('config set <plugin> <key> [<value> | --stdin]')
  const said = word === '--stdin' ? (await text(process.stdin)).replace(/\n$/, '') : word
  await changeSetting(await storeOf(context), plugin, key, said)
  return 0
}

export async function unset([plugin, key, ...more]: string[], context: Context): Promise<number> {
  if (plugin === undefined || key === undefined || more.length > 0) throw badUsage('config unset <plugin> <key>')
  await changeSetting(await storeOf(context), plugin, key, undefined)
  return 0
}

/** The settings that a plugin declares, as commands that a shell may evaluate whatever the values are. */
export async function exportConfig([plugin, ...more]: string[], context: Context): Promise<number> {
  if (plugin === undefined || more.length > 0) throw badUsage('config export <plugin>')
  const { manifest, stored } = await declaredOf(plugin, context)
  const settings = settingsOf(plugin, manifest, stored, {})
  for (const [key, value] of Object.entries(settings)) {
    const [[name = ''] = []] = Object.entries(variablesOf({ [key]: value }))
    const override = overrideOf(plugin, key)
    const quoted = value.replaceAll(/[\\"$`}]/g, '\\$&')
    // A plugin whose name begins with a digit has no variable that a shell could know.
    context.print(
      /^[A-Z_]\w*$/.test(override) ? `export ${name}="\${${override}:-${quoted}}"` : `export ${name}="${quoted.replaceAll('\\}', '}')}"`,
    )
  }
  return 0
}

/** What a plugin declares, with the value it sees now and what it means; secrets are not shown. */
export async function list([plugin, ...more]: string[], context: Context): Promise<number> {
  if (plugin === undefined || more.length > 0) throw badUsage('config list <plugin>')
  const { manifest, stored } = await declaredOf(plugin, context)
  for (const [key, value] of Object.entries(settingsOf(plugin, manifest, stored, context.env))) {
    const declared = manifest.config[key]
    const { description, secret } = typeof declared === 'object' ? declared : { description: declared ?? '', secret: false }
    const shown = secret && value !== '' ? '*******' : plain(value).replaceAll('\n', ' ')
    context.print(`  ${key.padEnd(20)} ${shown.padEnd(20)} ${plain(description).replaceAll('\n', ' ')}`.trimEnd())
  }
  return 0
}

async function declaredOf(plugin: string, context: Context) {
  const { config, find } = await storeOf(context)
  const manifest = await readManifest(await find(plugin))
  return { manifest: { config: manifest?.config ?? {} }, stored: await readStored(config) }
}
