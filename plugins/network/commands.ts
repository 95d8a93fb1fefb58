import { app, command, format, group, reachable } from 'dokku'
import { networks } from './networks.ts'
import { settings } from './settings.ts'

const scan = command({
  name: 'network:scan',
  summary: 'show what of the host an app reaches: TCP ports that answer inside its network, and whose they are',
  description:
    'Nothing is changed. What listens on the host is tried from a container in the app’s network; docs/guide/isolation.md explains.',
  args: { app: app() },
  flags: { format },
  examples: ['network:scan node-js-app', 'network:scan node-js-app --format json'],
  right: 'admin',
  reads: () => true,

  async run({ args, flags, context }) {
    const { output, quiet } = context
    const found = await reachable(args.app)
    if (flags.format === 'json') return output.line(JSON.stringify(found))
    if (!quiet) output.result(found.length === 0 ? `${args.app.name} reaches nothing of the host` : `${args.app.name} reaches on the host`)
    for (const { address, port, what } of found) output.line(`${`${address}:${port}`.padEnd(22)} ${what}`)
  },
})

export default group('network', 'Say what apps reach over the network', [scan, ...networks, ...settings])
