import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, UserError } from '#lib/errors.ts'
import { quoteWords } from '#lib/words.ts'
import { confiningOf } from '../confining.ts'
import type { Around } from '../dispatch.ts'
import { loadPlugin } from '../plugin.ts'
import type { Responder } from '../responder.ts'
import { readStored } from '../settings.ts'
import type { Found } from '../store.ts'
import { version } from '../version.ts'
import { type Context, storeOf } from './command.ts'

/** A plugin that is enabled, with what handles its hooks. */
export interface Enabled extends Found {
  readonly responders: readonly Responder[]
}

/** The enabled plugins as a program in the foreground uses them: one that cannot be read fails only the hooks it has. */
async function enabledPlugins(context: Context): Promise<Enabled[]> {
  const { env, cwd, self } = context
  const plugins = await storeOf({ env, cwd })
  const stored = await readStored(plugins.config)
  const confine = await confiningOf(plugins)
  const variables = { PLUGN_VERSION: version, SELF: 'plugn', SELF_EXECUTABLE: self }
  return await Promise.all(
    (await plugins.listEnabled()).map(async (found) => {
      try {
        const { responders } = await loadPlugin(found, {
          stored,
          env,
          modules: true,
          variables,
          foreground: true,
          ...(confine === undefined ? {} : { confine }),
        })
        return { ...found, responders: env.TRACE ? responders.map((one) => traced(one, found, context)) : responders }
      } catch (error) {
        return { ...found, responders: [broken(found, error, context)] }
      }
    }),
  )
}

/** The streams, environment and directory of this process. */
export function ownStreams({ env, cwd }: Context): Around {
  return { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit', env, cwd, signal: new AbortController().signal }
}

/** Does something with the enabled plugins, and ends what of them stays resident. */
export async function withPlugins(context: Context, work: (plugins: readonly Enabled[]) => Promise<number>): Promise<number> {
  const plugins = await enabledPlugins(context)
  try {
    return await work(plugins)
  } finally {
    await Promise.all(plugins.flatMap(({ responders }) => responders.map((one) => one.close?.())))
  }
}

/** Any name goes, as upstream's do, but none leads out of a plugin; UserError `bad-hook-name`. */
export function checkHook(hook: string): string {
  if (!hook.split('/').includes('..') && !hook.includes('\0')) return hook
  throw new UserError('bad-hook-name', `${JSON.stringify(hook)} is no hook's name: it leads out of the plugin`)
}

function broken({ name, dir }: Found, error: unknown, { say }: Context): Responder {
  return {
    plugin: name,
    handles: async (hook) => (await stat(join(dir, hook)).catch(() => undefined))?.isFile() ?? false,
    call() {
      say(` !     ${messageOf(error)}`)
      return { status: 1 }
    },
  }
}

function traced(responder: Responder, { dir }: Found, { say }: Context): Responder {
  return {
    ...responder,
    call(call) {
      say(`+ ${quoteWords([join(dir, call.hook), ...call.args])}`)
      return responder.call(call)
    },
  }
}
