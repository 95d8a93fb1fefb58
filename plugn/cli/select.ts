import { messageOf, UserError } from '#lib/errors.ts'
import { plain } from '#lib/output.ts'
import * as choice from '../select.ts'
import { readStored } from '../settings.ts'
import { badUsage, type Context, storeOf } from './command.ts'
import { checkHook, type Enabled, ownStreams, withPlugins } from './enabled.ts'

/** One line for each plugin that says the hook is for it: its name, and what it calls itself. Status 1 when there is none. */
export async function detect([hook, ...args]: string[], context: Context): Promise<number> {
  if (hook === undefined) throw badUsage('detect <hook> [<arg>...]')
  return await withPlugins(context, async (plugins) => {
    const candidates = await choice.detect(checkHook(hook), args, plugins, ownStreams(context))
    for (const { plugin, label } of candidates) context.print(`${plugin.name} ${plain(label)}`)
    return candidates.length > 0 ? 0 : 1
  })
}

export async function select([hook, ...args]: string[], context: Context): Promise<number> {
  if (hook === undefined) throw badUsage('select <hook> [<arg>...]')
  return await withPlugins(context, async (plugins) =>
    callOnly(await detected(plugins, checkHook(hook), args, context), hook, args, context),
  )
}

/** The plugin is the one that `--use` names, else the variable of the hook, else `[drivers]` of config.toml, else the one that detects. */
export async function driver(words: string[], context: Context): Promise<number> {
  const use = words[0] === '--use' ? words.splice(0, 2)[1] : undefined
  const [hook, ...args] = words
  if (hook === undefined) throw badUsage('driver [--use <plugin>] <hook> [<arg>...]')
  const { list, config } = await storeOf(context)
  const stored = (await readStored(config)).drivers?.[checkHook(hook)]
  const name = use ?? (context.env[choice.driverVariable(hook)] || (typeof stored === 'string' ? stored : undefined))
  return await withPlugins(context, async (plugins) => {
    if (name === undefined) return await callOnly(await detected(plugins, hook, args, context), hook, args, context)
    const plugin = plugins.find((one) => one.name === name)
    if (plugin !== undefined) return await callOnly(plugin, hook, args, context)
    if ((await list()).some((one) => one.name === name))
      throw new UserError('driver-disabled', `the plugin ${name} for ${hook} is not enabled`, { exitCode: 122 })
    throw new UserError('driver-unknown', `there is no plugin ${name} for ${hook}`, { exitCode: 121 })
  })
}

async function detected(plugins: readonly Enabled[], hook: string, args: readonly string[], context: Context): Promise<Enabled> {
  const candidates = await choice.detect(hook, args, plugins, ownStreams(context))
  return choice.chosen(hook, candidates, (all) => {
    const names = all.map(({ plugin, label }) => (label === plugin.name ? label : `${plugin.name} (${plain(label)})`))
    context.say(` !     ${hook} is for several plugins, and goes to the first: ${names.join(', ')}`)
  })
}

async function callOnly(plugin: Enabled, hook: string, args: readonly string[], context: Context): Promise<number> {
  const responder = await choice.handlerOf(plugin, hook)
  if (responder === undefined) throw new UserError('driver-without-hook', `the plugin ${plugin.name} has no ${hook}`, { exitCode: 123 })
  const { status, error } = await responder.call({ ...ownStreams(context), hook, args, input: undefined })
  if (error !== undefined) context.say(` !     ${plugin.name}: ${messageOf(error)}`)
  return status
}
