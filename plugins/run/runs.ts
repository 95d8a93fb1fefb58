import {
  app,
  boolean,
  command,
  findRun,
  format,
  listRuns,
  ofApp,
  option,
  optional,
  param,
  parseCount,
  printContainers,
  type Run,
  stopRun,
} from 'dokku'

const run = () =>
  param<string>({
    summary: 'the name of its container, or what follows the app in that',
    label: 'run',
    parse: (name) => name,
    complete: ofApp(async (one) => (await listRuns(one.instance, one)).map(({ dyno }) => dyno)),
  })

export const list = command({
  name: 'run:list',
  summary: 'list the one-off containers of an app',
  args: { app: app() },
  flags: { format },
  examples: ['run:list node-js-app', 'run:list node-js-app --format json'],
  right: 'view',
  reads: () => true,

  async run({ args, flags, context }) {
    const runs = await listRuns(context.instance, args.app)
    if (flags.format === 'json') return context.output.line(JSON.stringify(runs.map(asJson)))
    if (!context.quiet) {
      context.output.result(`${args.app.name} run containers`)
      context.output.line(columns('NAMES', 'STATE', 'CREATED', 'COMMAND'))
    }
    for (const { name, state, exitCode, createdAt, command } of runs)
      context.output.line(columns(name, exitCode === undefined ? state : `${state} (${exitCode})`, createdAt.slice(0, 19), command))
  },
})

export const logs = command({
  name: 'run:logs',
  summary: 'show the output of one-off containers of an app',
  args: { app: app(), run: optional(run()) },
  flags: {
    tail: boolean('go on with new lines as they come', { short: 't' }),
    num: option('COUNT', 'how many lines of each container (100)', parseCount, { short: 'n' }),
  },
  examples: ['run:logs node-js-app', 'run:logs node-js-app run.3f09aa -t'],
  right: 'view',
  reads: () => true,

  async run({ args, flags, context }) {
    const runs = args.run === undefined ? await listRuns(context.instance, args.app) : [await findRun(args.app, args.run)]
    await printContainers(args.app, runs, { tail: flags.num ?? 100, follow: flags.tail }, context)
  },
})

export const stop = command({
  name: 'run:stop',
  summary: 'stop one or all one-off containers of an app',
  args: { app: app(), run: optional(run()) },
  examples: ['run:stop node-js-app', 'run:stop node-js-app run.3f09aa'],
  right: 'deploy',

  async run({ args, context }) {
    const runs = args.run === undefined ? await listRuns(context.instance, args.app) : [await findRun(args.app, args.run)]
    const running = runs.filter(({ exitCode }) => exitCode === undefined)
    for (const { name } of running) context.output.step(`Stopping ${name}`)
    await Promise.all(running.map(({ id }) => stopRun(context.instance, id)))
  },
})

/** Dokku's keys, and what only we know. */
function asJson({ name, state, command, createdAt, endedAt, exitCode, detached, ttlSeconds }: Run) {
  return { name, state, command, created_at: createdAt, ended_at: endedAt, exit_code: exitCode, detached, ttl_seconds: ttlSeconds }
}

function columns(name: string, state: string, created: string, command: string): string {
  return `${name.padEnd(32)} ${state.padEnd(12)} ${created.padEnd(19)} ${command}`
}
