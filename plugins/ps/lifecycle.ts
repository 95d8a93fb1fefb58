import {
  type App,
  app,
  type By,
  boolean,
  type Context,
  changing,
  command,
  currentRelease,
  lastSource,
  limited,
  messageOf,
  option,
  parseParallel,
  receiveInTurn,
  restart,
  start,
  stop,
  UserError,
  unless,
  visibleApps,
} from 'dokku'

interface Act {
  verb: string
  summary: string
  /** Waits for its turn, too. */
  act: (app: App, by: By, context: Context) => Promise<void>
  /** Which of all deployed apps `--all` means. */
  all: (app: App) => boolean
}

const notStopped = (one: App) => !one.state.stopped

const inTurn =
  (act: typeof restart): Act['act'] =>
  (one, by, context) =>
    changing(one, context, () => act(one, by))

const acts: Act[] = [
  { verb: 'restart', summary: 'restart an app without dropping a request', act: inTurn(restart), all: notStopped },
  { verb: 'stop', summary: 'stop an app', act: inTurn(stop), all: notStopped },
  { verb: 'start', summary: 'start an app that was stopped', act: inTurn(start), all: () => true },
  {
    verb: 'rebuild',
    summary: 'build the commit, or take the image, that an app was last deployed from again, as a new release',
    act: async (one, by) => receiveInTurn(one, await lastSource(one), by, { latest: () => lastSource(one) }),
    all: notStopped,
  },
  {
    verb: 'restore',
    summary: 'start what should run of an app and does not, as happens by itself every five minutes',
    act: async (one, by, context) => {
      if (one.state.stopped) return by.output.step(`${one.name} is stopped`)
      await inTurn(start)(one, by, context)
      by.output.step(`${one.name} runs as its release says`)
    },
    all: notStopped,
  },
]

/** Commands that do one thing to an app, or to all of them. */
export const lifecycle = acts.map(({ verb, summary, act, all }) =>
  command({
    name: `ps:${verb}`,
    summary,
    args: { app: unless('all', app()) },
    flags: {
      all: boolean('every deployed app'),
      parallel: option('COUNT', 'with --all, how many apps at once (1); -1 is one for each processor', parseParallel),
    },
    examples: [`ps:${verb} node-js-app`, `ps:${verb} --all --parallel 2`],
    right: 'deploy',
    eachApp: true,

    async run({ args, flags, context }) {
      const one = (it: App) => act(it, { user: context.identity.name, output: context.output }, context)
      if (args.app !== undefined) return await one(args.app)
      const apps = (await visibleApps(context, 'deploy')).filter((it) => currentRelease(it) !== undefined && all(it))
      await each(apps, flags.parallel ?? 1, one, context)
    },
  }),
)

/** Does it to every app, whatever becomes of the others; UserError `some-failed` names those that failed. */
async function each(apps: readonly App[], parallel: number, act: (app: App) => Promise<void>, context: Context): Promise<void> {
  const atMost = limited(parallel)
  const failed: string[] = []
  const attempt = async (one: App) => {
    try {
      await act(one)
    } catch (error) {
      failed.push(one.name)
      context.output.warn(`${one.name}: ${messageOf(error)}`)
    }
  }
  await Promise.all(apps.map((one) => atMost(() => attempt(one))))
  if (failed.length > 0)
    throw new UserError('some-failed', `${failed.length} of ${apps.length} apps failed: ${failed.sort().join(', ')}`, {
      hint: 'what was wrong with each is said above',
    })
}
