import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isatty } from 'node:tty'
import { UserError } from '#lib/errors.ts'
import { quoteWords } from '#lib/words.ts'
import { executables, kindOf } from '../executable.ts'
import { byBytes } from '../names.ts'
import { pipe } from '../pipe.ts'
import type { Responder } from '../responder.ts'
import { handlerOf } from '../select.ts'
import { badUsage, type Context } from './command.ts'
import { checkHook, ownStreams, withPlugins } from './enabled.ts'

/** A hook of the enabled plugins as a pipe: one that lacks it, or has it not executable, is no part of it; where all do, the input is the output. */
export async function triggerPipe([hook, ...args]: string[], context: Context): Promise<number> {
  if (hook === undefined) throw badUsage('trigger --pipe <hook> [<arg>...]')
  return await withPlugins(context, async (plugins) => {
    const handlers: Responder[] = []
    for (const plugin of plugins) {
      const handler = await handlerOf(plugin, checkHook(hook))
      if (handler === undefined) continue
      if ((await kindOf(join(plugin.dir, hook))) === 'not executable')
        context.say(`Trigger '${hook}' is not executable, skipping plugin (${plugin.name})`)
      else handlers.push(handler)
    }
    if (handlers.length > 0) return await pipe(hook, args, handlers, fromPipe(context))
    if (!isatty(0)) await pipeline(process.stdin, process.stdout)
    return 0
  })
}

/** The program pluginhook: every folder below PLUGIN_PATH is a plugin. `-p` runs all at once, `-x` shows what runs. */
export async function pluginhook(words: string[], context: Context): Promise<number> {
  const flags = new Set<string>()
  while (/^--?[px]$/.test(words[0] ?? '')) flags.add((words.shift() ?? '').slice(-1))
  const [hook, ...args] = words
  const { PLUGIN_PATH: root, PLUGINHOOK_TRACE: trace } = context.env
  if (!root) throw new UserError('no-plugin-folder', 'pluginhook looks for plugins in PLUGIN_PATH, which is not set')
  if (hook === undefined) throw badUsage('pluginhook [-p] [-x] <hook> [<arg>...]')
  const handlers: Responder[] = []
  for (const name of (await readdir(root)).filter((entry) => !entry.startsWith('.')).sort(byBytes)) {
    const dir = join(root, name)
    if ((await kindOf(join(dir, checkHook(hook)))) !== 'executable') continue
    if (flags.has('x') || trace) context.say(`+ ${quoteWords([join(dir, hook), ...args])}`)
    handlers.push(executables({ plugin: name, dir, variables: {}, foreground: true }))
  }
  return await pipe(hook, args, handlers, fromPipe(context), { parallel: flags.has('p') })
}

/** A terminal is nobody's input. */
function fromPipe(context: Context) {
  return { ...ownStreams(context), ...(isatty(0) ? { stdin: undefined } : {}) }
}
