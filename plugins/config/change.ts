import {
  type App,
  authorize,
  buildVarsOf,
  type Context,
  changing,
  deploying,
  globalConfig,
  releaseChange,
  storeBuildVars,
  storeGlobalConfig,
} from 'dokku'

/** What a change makes of the config vars and of those that builds may read, and what its release is called. */
type Changed = (before: Record<string, string>) => { config: Record<string, string>; build?: string[]; description: string }

/** Changes the config vars of an app, or, without one, those that every app has; only an admin changes these. */
export async function change(one: App | undefined, context: Context, flags: { 'no-restart': boolean }, changed: Changed): Promise<void> {
  if (one !== undefined) return await changeOf(one, context, flags, changed)
  authorize(context.identity, 'admin', 'change config vars of every app')
  storeGlobalConfig(context.instance, changed(globalConfig(context.instance)).config)
  if (!context.quiet) context.output.detail('Apps have it from their next release on: ps:restart --all')
}

/** Releases a change of config, and stores it with the release; with `--no-restart` only stores it. */
async function changeOf(one: App, context: Context, flags: { 'no-restart': boolean }, changed: Changed): Promise<void> {
  const turn = flags['no-restart'] ? changing : deploying
  await turn(one, context, async () => {
    const before = one.config.all()
    const { config, build = buildVarsOf(one), description } = changed(before)
    if (flags['no-restart']) one.config.replace(config)
    else await releaseChange(one, description, { config }, { user: context.identity.name, output: context.output })
    storeBuildVars(
      one,
      build.filter((key) => key in config),
    )
    const keys = (of: Record<string, string>, other: Record<string, string>) => Object.keys(of).filter((key) => of[key] !== other[key])
    const [set, unset] = [keys(config, before), keys(before, config).filter((key) => !(key in config))]
    if (set.length > 0) await one.instance.fire('post-config-update', { app: one.name, verb: 'set', pairs: set })
    if (unset.length > 0) await one.instance.fire('post-config-update', { app: one.name, verb: 'unset', pairs: unset })
  })
}
