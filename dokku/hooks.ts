/** Every hook dokku fires, in the order of an app's life, with the input a handler gets. */
export interface Hooks {
  /** The app exists; nothing is deployed yet. */
  'post-create': { app: string }
  /** The source is there and nothing is built; failing stops the deploy. */
  'pre-build': { app: string; dir: string; revision: string }
  /** The image is built; failing stops the deploy. */
  'post-build': { app: string; image: string }
  /** The new containers serve. */
  'post-deploy': { app: string; image: string; version: number }
  /** Before an app's containers, images and repository go; failing keeps it. */
  'pre-delete': { app: string }
  'post-delete': { app: string }
}

/** What a plugin's `hooks.ts` exports: a misspelt name is a type error. */
export type Handlers = { [Name in keyof Hooks]?: (input: Hooks[Name]) => void | Promise<void> }

/** Runs every plugin's handler of a hook, in the plugins' order; the first failure stops. */
export type Fire = <Name extends keyof Hooks>(name: Name, input: Hooks[Name]) => Promise<void>

/** All handlers of all plugins as one call. */
export function fireHooks(plugins: readonly Handlers[]): Fire {
  return async (name, input) => {
    for (const handlers of plugins) await handlers[name]?.(input)
  }
}
