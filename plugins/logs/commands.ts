import {
  app,
  boolean,
  checkMaxSize,
  checkProcesses,
  command,
  containersOf,
  format,
  group,
  keptLogs,
  listReleases,
  ofApp,
  option,
  parseCount,
  parseMoment,
  parseVersion,
  printLogs,
  processesOf,
  propertyFields,
  reportCommand,
  setGlobalCommand,
  UserError,
  usualMaxSize,
} from 'dokku'
import { failed } from './failed.ts'

const moment = (text: string) => parseMoment(text)

const logs = command({
  name: 'logs',
  summary: 'show the output of an app, that of containers which are gone too',
  description:
    'Shows the last lines of each process, over releases and restarts. With --tail it goes on over deploys until you leave. Times are 90s, 15m, 2h or 3d ago, or 2026-11-23T10:00:00Z; JSON is an object in each line.',
  args: { app: app() },
  flags: {
    tail: boolean('go on with new lines as they come', { short: 't' }),
    num: option('COUNT', 'how many lines of each process (100)', parseCount, { short: 'n' }),
    ps: option('PROCESS', 'only this process type, or one process such as web.1', String, { short: 'p', complete: ofApp(processesOf) }),
    release: option('VERSION', 'only what ran as this release', parseVersion, {
      complete: ofApp((one) => listReleases(one).map(({ version }) => `v${version}`)),
    }),
    since: option('TIME', 'only lines from then on', moment),
    until: option('TIME', 'only lines from before then', moment),
    grep: option('TEXT', 'only lines with this text, in any case', String),
    format,
  },
  examples: [
    'logs node-js-app',
    'logs node-js-app -t -p web',
    'logs node-js-app --since 2h --grep error',
    'logs node-js-app --release v41 --format json',
  ],
  right: 'view',
  reads: () => true,

  async run({ args, flags, context }) {
    const kept = keptLogs(args.app)
    if (flags.ps !== undefined && !kept.some(({ process, dyno }) => flags.ps === process || flags.ps === dyno))
      checkProcesses(args.app, [flags.ps.replace(/\.\d+$/, '')])
    const containers = await containersOf(args.app)
    if (containers.length === 0 && kept.length === 0 && !flags.tail)
      throw new UserError('nothing-runs', `${args.app.name} has no container`, { hint: `ps:report ${args.app.name}` })
    const { num: count = 100, ps: process, release, since, until, grep, tail: follow, format: as } = flags
    const wanted = { count, process, release, since, until, grep, follow, json: as === 'json' }
    await printLogs(args.app, containers, wanted, context)
  },
})

const set = command(
  setGlobalCommand(
    'logs',
    {
      'max-size': {
        summary: 'how much of the last lines of each process type is kept, 10m unless set; containers get it when they are made',
        check: checkMaxSize,
        values: ['10m', '50m', '100m'],
      },
    },
    ['logs:set node-js-app max-size 50m', 'logs:set --global max-size 20m'],
  ),
)

const report = command(
  reportCommand('logs', {
    ...propertyFields('logs', 'max-size', usualMaxSize),
    'logs-kept-bytes': (one) => String(keptLogs(one).reduce((sum, { bytes }) => sum + bytes, 0)),
    'logs-kept-containers': (one) => String(keptLogs(one).length),
    'logs-kept-since': (one) => keptLogs(one)[0]?.startedAt ?? '',
  }),
)

export default group('logs', 'Show the output of an app', [logs, failed, set, report])
