import { app, command, containersOf } from 'dokku'

export const inspect = command({
  name: 'ps:inspect',
  summary: 'print what the engine knows of the containers of an app, as JSON, without the values of their environment',
  args: { app: app() },
  examples: ['ps:inspect node-js-app'],
  right: 'deploy',
  reads: () => true,

  async run({ args, context }) {
    const containers = (await containersOf(args.app)).filter(({ stage }) => stage !== 'retiring')
    const found = await Promise.all(containers.map(({ id }) => context.instance.engine.getContainer(id).inspect()))
    context.output.line(JSON.stringify(found.map(masked), null, 2))
  },
})

/** The same with every value of the environment starred out. */
export function masked<T extends { Config: { Env?: string[] | null } }>(info: T): T {
  const env = info.Config.Env ?? []
  return { ...info, Config: { ...info.Config, Env: env.map((pair) => pair.replace(/=.*$/s, '=********')) } }
}
