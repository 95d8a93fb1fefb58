import {
  app,
  boolean,
  checkProcesses,
  command,
  containersOf,
  followLogs,
  group,
  ofApp,
  option,
  parseCount,
  processesOf,
  UserError,
} from 'dokku'

const logs = command({
  name: 'logs',
  summary: 'show the output of an app',
  args: { app: app() },
  flags: {
    tail: boolean('go on with new lines as they come', { short: 't' }),
    num: option('COUNT', 'how many lines of each container (100)', parseCount, { short: 'n' }),
    ps: option('PROCESS', 'only this process type, or one container such as web.1', String, { short: 'p', complete: ofApp(processesOf) }),
  },
  examples: ['logs node-js-app', 'logs node-js-app -t -p web'],
  right: 'view',
  reads: () => true,

  async run({ args, flags, context }) {
    if (flags.ps !== undefined) checkProcesses(args.app, [flags.ps.replace(/\.\d+$/, '')])
    const containers = (await containersOf(args.app)).filter(
      (one) =>
        one.stage !== 'retiring' && (flags.ps === undefined || flags.ps === one.process || flags.ps === `${one.process}.${one.index}`),
    )
    if (containers.length === 0)
      throw new UserError('nothing-runs', `${args.app.name} has no container${flags.ps === undefined ? '' : ` ${flags.ps}`}`, {
        hint: `ps:report ${args.app.name}`,
      })
    const sources = containers.map(({ id, process, index }) => ({ id, dyno: `${process}.${index}` }))
    await followLogs(args.app, sources, { tail: flags.num ?? 100, follow: flags.tail }, context)
  },
})

export default group('logs', 'Show the output of an app', [logs])
