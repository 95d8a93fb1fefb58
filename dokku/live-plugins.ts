import type { Writable } from 'node:stream'
import { lineStream } from '#lib/line-stream.ts'
import { type Around, dispatch, silent } from '#plugn'
import { type AnswerOf, type Collect, type Fire, type Hooks, hookNames, hooks, type InputOf, type Select } from './hooks.ts'
import type { InstalledPlugins } from './instance.ts'
import { actor, callingPlugin } from './nested.ts'
import { type Installed, loadPlugins, ownFolder, type Plugins } from './plugins.ts'

/** The plugins in use now, and the way to take up a change of them without a restart. */
export interface LivePlugins extends Installed, InstalledPlugins {
  readonly current: Plugins
  /** What one of them answers, as `collect` asks all. */
  answersOf<Name extends keyof Hooks>(
    plugin: string,
    hook: Name,
    input: InputOf<Hooks[Name]>,
    own: Partial<Around>,
  ): Promise<AnswerOf<Hooks[Name]>[]>
}

export async function livePlugins(installed: Installed): Promise<LivePlugins> {
  await installed.store.init()
  let current = await loadPlugins(installed)
  let last: Promise<void> = Promise.resolve()
  const takeUp = async () => {
    const before = current
    current = await loadPlugins(installed)
    await before.hooks.close()
  }
  const respondersOf = (only: string) => current.all.filter(({ name }) => name === only).flatMap(({ responders }) => responders)
  return {
    ...installed,
    get current() {
      return current
    },
    answersOf: (plugin, hook, input, own) =>
      calling(installed, own, (around) => dispatch(hooks, respondersOf(plugin), silent()).collect(hook, input, around)),
    own: () => current.all.filter(({ dir }) => dir.startsWith(ownFolder)),
    // What is being called is called to its end by those of before. One after another, for who began earlier has seen less.
    async reload() {
      const mine = last.then(takeUp)
      last = mine.catch(() => undefined)
      await mine
    },
    handles: (hook) => current.hooks.handles(hook),
    async hooksOf(name) {
      const responders = respondersOf(name)
      const handled = async (hook: string) => (await Promise.all(responders.map((one) => one.handles(hook)))).includes(true)
      const found = await Promise.all(hookNames.map(handled))
      return hookNames.filter((_, at) => found[at])
    },
    trigger: (hook, args, around, only) =>
      callingPlugin(async (mark) => {
        const called = { ...around, env: { ...installed.environment(), DOKKU_NESTED: mark } }
        if (only === undefined) return await current.hooks.trigger(hook, args, called)
        return await dispatch(hooks, respondersOf(only), silent()).trigger(hook, args, called)
      }),
  }
}

/** Fires hooks at the plugins in use; what handlers print goes to whoever waits for them. */
export function firing(plugins: LivePlugins): Fire {
  return async (name, input, own) => await calling(plugins, own, async (around) => await plugins.current.hooks.fire(name, input, around))
}

/** Asks the plugins in use; what handlers print is their answer, and only their standard error goes to whoever waits. */
export function collecting(plugins: LivePlugins): Collect {
  return async (name, input, own) => await calling(plugins, own, async (around) => await plugins.current.hooks.collect(name, input, around))
}

/** Asks the plugins in use until one answers. */
export function selecting(plugins: LivePlugins): Select {
  return async (name, input, own) =>
    (await calling(plugins, own, async (around) => await plugins.current.hooks.select(name, input, around)))?.answer
}

async function calling<T>(
  plugins: Pick<Installed, 'environment'>,
  own: Partial<Around> | undefined,
  work: (around: Partial<Around>) => Promise<T>,
): Promise<T> {
  const output = actor()?.output
  const line = (text: string) => output?.line(text)
  const [stdout, stderr]: [Writable, Writable] = [lineStream(line), lineStream(line)]
  try {
    return await callingPlugin((mark) => {
      const env = { ...plugins.environment(), ...own?.env, DOKKU_NESTED: mark }
      return work({ stdout, stderr, ...own, env })
    })
  } finally {
    for (const stream of [stdout, stderr]) stream.end()
  }
}
