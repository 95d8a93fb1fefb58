import { UserError } from '#lib/errors.ts'
import { badUsage, type Context } from './command.ts'
import { enabledDispatch } from './enabled.ts'

export async function trigger([hook, ...args]: string[], context: Context): Promise<number> {
  if (hook === undefined) throw badUsage('trigger <hook> [<arg>...]')
  const plugins = await enabledDispatch(context)
  try {
    return await plugins.trigger(checkHook(hook), args)
  } finally {
    await plugins.close()
  }
}

/** Any name goes, as upstream's do, but none leads out of a plugin; UserError `bad-hook-name`. */
export function checkHook(hook: string): string {
  if (!hook.split('/').includes('..') && !hook.includes('\0')) return hook
  throw new UserError('bad-hook-name', `${JSON.stringify(hook)} is no hook's name: it leads out of the plugin`)
}
