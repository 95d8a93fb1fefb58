import { app, command, group, optional, visibleApps } from 'dokku'
import { printBundle } from './bundle.ts'

const report = command({
  name: 'report',
  summary: 'print all that helps to find what is wrong, with secrets taken out',
  description:
    'Versions, machine, settings, what doctor finds, every report of one app or all, their last releases, builds and events, and the log of control. Config vars, keys and passwords are not among it, wherever they would stand. Read it before you send it: names of apps and domains stay.',
  args: { app: optional(app()) },
  examples: ['report', 'report node-js-app'],
  right: 'view',
  eachApp: true,

  async run({ args, context }) {
    await printBundle(args.app === undefined ? await visibleApps(context) : [args.app], context)
  },
})

export default group('report', 'Print all that helps to find what is wrong', [report])
