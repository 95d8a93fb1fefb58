import { app, command, group, optional, printReports, version, visibleApps } from 'dokku'

const report = command({
  name: 'report',
  summary: 'show the version, and every report of one app or all',
  description: 'It has no values of config vars, and can be sent along when you ask for help.',
  args: { app: optional(app()) },
  examples: ['report', 'report node-js-app'],
  right: 'view',
  eachApp: true,

  async run({ args, context }) {
    const { instance, output } = context
    const { Version: engine } = (await instance.engine.version()) as { Version: string }
    output.step(`dokku version: ${version}`)
    output.step(`docker version: ${engine}`)
    output.step('plugins:')
    for (const { name, enabled } of await instance.plugins.store.list()) output.detail(`${name} ${enabled ? 'enabled' : 'disabled'}`)
    for (const one of args.app === undefined ? await visibleApps(context) : [args.app]) await printReports(one, context)
  },
})

export default group('report', 'Show all that is known of an app', [report])
