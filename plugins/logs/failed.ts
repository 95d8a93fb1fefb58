import {
  type App,
  app,
  boolean,
  command,
  format,
  history,
  keptLogs,
  option,
  parseCount,
  printLines,
  UserError,
  unless,
  visibleApps,
} from 'dokku'

/** The time of the last deploy that failed with containers of its own. */
function lastAttempt(one: App): string | undefined {
  return keptLogs(one)
    .flatMap(({ attempt }) => attempt ?? [])
    .toSorted()
    .at(-1)
}

export const failed = command({
  name: 'logs:failed',
  summary: 'show the output of the last deploy of an app that failed',
  args: { app: unless('all', app()) },
  flags: {
    all: boolean('of every app'),
    num: option('COUNT', 'how many lines of each process (100)', parseCount, { short: 'n' }),
    format,
  },
  examples: ['logs:failed node-js-app', 'logs:failed --all'],
  right: 'view',
  eachApp: true,
  reads: () => true,

  async run({ args, flags, context }) {
    const apps = args.app === undefined ? await visibleApps(context) : [args.app]
    let found = false
    for (const one of apps) {
      const attempt = lastAttempt(one)
      if (attempt === undefined) continue
      found = true
      await printLines(await history(one, [], { count: flags.num ?? 100, attempt }), flags.format === 'json', context)
    }
    if (found || args.app === undefined) return
    throw new UserError('nothing-failed', `no container of ${args.app.name} failed in a deploy that is remembered`, {
      hint: `what builds said: builds:output ${args.app.name}`,
    })
  },
})
