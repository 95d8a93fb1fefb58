import {
  type App,
  app,
  type Build,
  boolean,
  buildRetention,
  cancelBuild,
  command,
  currentBuild,
  findBuild,
  followBuild,
  format,
  group,
  listBuilds,
  ofApp,
  option,
  optional,
  param,
  parseRetention,
  pruneBuilds,
  reportCommand,
  setCommand,
  UserError,
  unless,
  visibleApps,
} from 'dokku'
import { list } from './list.ts'
import { describe, details } from './show.ts'

/** The number of a build, as an argument that may be left out. */
const number = optional(
  param({
    summary: 'the number of a build',
    label: 'number',
    parse: parseNumber,
    complete: ofApp(numbers),
  }),
)

const info = command({
  name: 'builds:info',
  summary: 'show one build of an app; the newest, unless a number is given',
  args: { app: app(), number },
  flags: { format },
  examples: ['builds:info node-js-app', 'builds:info node-js-app 7 --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    const build = args.number === undefined ? newest(args.app) : findBuild(args.app, args.number)
    if (flags.format === 'json') return context.output.line(JSON.stringify(describe(args.app, build)))
    if (!context.quiet) context.output.result(`Build ${build.number}`)
    for (const [caption, value] of details(args.app, build)) context.output.detail(`${`${caption}:`.padEnd(11)}${value}`)
  },
})

const output = command({
  name: 'builds:output',
  summary: 'show what a build says; while it is under way, until it ends',
  description: 'Without a number, the newest build; current is the one under way. A follower who leaves disturbs nobody.',
  args: {
    app: app(),
    number: optional(
      param({
        summary: 'the number of a build, or current',
        label: 'number',
        parse: (text) => (text === 'current' ? text : parseNumber(text)),
        complete: ofApp((one) => ['current', ...numbers(one)]),
      }),
    ),
  },
  examples: ['builds:output node-js-app', 'builds:output node-js-app current', 'builds:output node-js-app 7'],
  reads: () => true,
  right: 'view',

  async run({ args, context }) {
    const build =
      args.number === undefined ? newest(args.app) : args.number === 'current' ? currentBuild(args.app) : findBuild(args.app, args.number)
    if (build === undefined) return context.output.step('App not currently deploying')
    await followBuild(args.app, build, (text) => void context.session.stdout.write(text), context.session.closed)
  },
})

const cancel = command({
  name: 'builds:cancel',
  summary: 'stop a build or deploy, or take it out of the queue',
  description: 'Without a number, the build that runs, else the first that waits. The old release goes on serving.',
  args: { app: app(), number },
  examples: ['builds:cancel node-js-app', 'builds:cancel node-js-app 7'],
  right: 'deploy',

  async run({ args, context }) {
    const build = await cancelBuild(args.app, args.number, context.identity.name)
    if (build === undefined) return context.output.step('App not currently deploying')
    context.output.step(
      build.status === 'cancelled'
        ? `Build ${build.number} of ${args.app.name} is cancelled`
        : `Build ${build.number} is no longer running (status=${build.status}); leaving record untouched`,
    )
  },
})

const prune = command({
  name: 'builds:prune',
  summary: 'forget the oldest ended builds of an app and their output',
  args: { app: unless('all-apps', app()) },
  flags: {
    keep: option('COUNT', 'how many ended builds to keep, instead of the retention', parseRetention),
    'all-apps': boolean('of every app'),
  },
  examples: ['builds:prune node-js-app', 'builds:prune node-js-app --keep 5', 'builds:prune --all-apps'],
  right: 'deploy',
  eachApp: true,

  async run({ args, flags, context }) {
    for (const one of args.app === undefined ? await visibleApps(context, 'deploy') : [args.app]) {
      const count = await pruneBuilds(one, flags.keep)
      context.output.step(`Pruned ${count} ${count === 1 ? 'build' : 'builds'} of ${one.name}`)
    }
  },
})

const set = command(
  setCommand(
    'builds',
    { retention: { summary: 'how many ended builds are kept, with their output; 20 unless set', check: parseRetention } },
    ['builds:set node-js-app retention 50', 'builds:set node-js-app retention'],
  ),
)

/** A field of the newest build; empty before the first one. */
const ofNewest = (read: (build: Build) => string | number | null) => (one: App) => {
  const [build] = listBuilds(one)
  return String((build && read(build)) ?? '')
}

const report = command(
  reportCommand('builds', {
    'build-id': ofNewest((build) => build.number),
    'build-status': ofNewest((build) => build.status),
    'build-source': ofNewest((build) => build.source),
    'build-started-at': ofNewest((build) => build.startedAt),
    'build-finished-at': ofNewest((build) => build.finishedAt),
    'builds-retention': (one) => one.properties.get('builds retention') ?? '',
    'builds-computed-retention': (one) => String(buildRetention(one)),
  }),
)

function newest(one: App): Build {
  const [build] = listBuilds(one)
  if (build !== undefined) return build
  throw new UserError('no-such-build', `No builds recorded for ${one.name}`, { hint: `git push dokku@HOST:${one.name} main` })
}

function numbers(one: App): string[] {
  return listBuilds(one).map((build) => String(build.number))
}

function parseNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UserError('bad-build', `${JSON.stringify(text.slice(0, 40))} is not the number of a build`, {
      hint: 'as builds:list shows it',
    })
  return Number(text)
}

export default group('builds', 'Follow, cancel and look up builds', [list, info, output, cancel, prune, set, report])
