import { Writable } from 'node:stream'
import { UserError } from '#lib/errors.ts'
import type { Around } from './dispatch.ts'
import type { Responder } from './responder.ts'

/** What takes part in a choice: a plugin and what handles its hooks. */
export interface Choosable {
  readonly name: string
  readonly responders: readonly Responder[]
}

/** A plugin that says a hook is for it, and under which name. */
export interface Candidate<P extends Choosable = Choosable> {
  readonly plugin: P
  readonly label: string
}

/** Characters of the name that a plugin gives itself. */
const longestLabel = 200

/** Asks `HOOK-detect` of each plugin, in order, with nothing to read: status 0 is a yes, and its first line a name for people. */
export async function detect<P extends Choosable>(
  hook: string,
  args: readonly string[],
  plugins: readonly P[],
  around: Around,
): Promise<Candidate<P>[]> {
  const found: Candidate<P>[] = []
  for (const plugin of plugins) {
    const responder = await handlerOf(plugin, `${hook}-detect`)
    if (responder === undefined) continue
    const { stdout, line } = firstLine()
    const call = { ...around, hook: `${hook}-detect`, args, input: undefined, stdin: undefined, stdout }
    const { status, answer } = await responder.call(call)
    if (status === 0) found.push({ plugin, label: (line() || String(answer ?? '') || plugin.name).slice(0, longestLabel) })
  }
  return found
}

/** The plugin that a hook is for: the first that says so. `several` hears of the others. UserError `nothing-selected`. */
export function chosen<P extends Choosable>(
  hook: string,
  candidates: readonly Candidate<P>[],
  several: (all: readonly Candidate<P>[]) => void,
): P {
  const [first, ...others] = candidates
  if (first === undefined) throw new UserError('nothing-selected', `Unable to select a plugin for ${hook}`)
  if (others.length > 0) several(candidates)
  return first.plugin
}

/** What handles the hook in a plugin; the first of several forms. */
export async function handlerOf({ responders }: Choosable, hook: string): Promise<Responder | undefined> {
  for (const responder of responders) if (await responder.handles(hook)) return responder
  return undefined
}

/** The variable that names the driver of a hook: `PLUGN_DRIVER_BUILDER_BUILD` for builder-build. */
export function driverVariable(hook: string): string {
  return `PLUGN_DRIVER_${hook.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
}

function firstLine(): { stdout: Writable; line(): string } {
  let text = ''
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!text.includes('\n') && text.length < longestLabel) text += chunk
      done()
    },
  })
  return { stdout, line: () => (text.split('\n')[0] ?? '').trim() }
}
