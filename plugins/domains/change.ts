import { type App, type Context, changing, reroute } from 'dokku'

/** Changes the stored domains and tells the appliance; when that refuses, the change is taken back. */
export async function changeDomains(
  app: App,
  context: Context,
  verb: string,
  domains: readonly string[],
  change: () => void,
): Promise<void> {
  await changing(app, context, async () => {
    const before = { own: app.domains.own(), defaults: app.domains.defaults() }
    const enabled = app.properties.get('domains enabled') ?? ''
    change()
    try {
      await reroute(app, context.output)
    } catch (error) {
      app.domains.store(before)
      app.properties.set('domains enabled', enabled)
      context.output.warn('The change was taken back')
      throw error
    }
    await app.instance.fire('post-domains-update', { app: app.name, verb, domains })
  })
}
