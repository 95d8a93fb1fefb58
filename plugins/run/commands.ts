import { app, boolean, command, currentRelease, group, notDeployed, option, repeated, rest, runOneOff, UserError } from 'dokku'

const run = command({
  name: 'run',
  summary: 'run a command in a new container of an app',
  description: 'The container has the image and config of the current release and goes when the command ends. Its exit status is yours.',
  args: { app: app(), words: rest('COMMAND') },
  flags: {
    env: repeated(option('KEY=VALUE', 'add to the environment', parseEnv, { short: 'e', secret: true })),
    'no-tty': boolean('without a terminal, even where there is one'),
  },
  passthrough: true,
  examples: ['run node-js-app ls -la /app', 'run -e DEBUG=1 node-js-app node'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const release = currentRelease(args.app)
    if (release === undefined) throw notDeployed(args.app)
    const [first = '', ...others] = args.words
    const command = others.length === 0 ? release.manifest.processes[first] : undefined
    return await runOneOff(
      args.app,
      release,
      { words: command == null ? args.words : ['/bin/sh', '-c', command], env: Object.fromEntries(flags.env), tty: !flags['no-tty'] },
      context.session,
    )
  },
})

function parseEnv(text: string): [key: string, value: string] {
  const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new UserError('bad-pair', `${JSON.stringify(text.slice(0, 40))} is not KEY=VALUE`, { hint: 'run -e KEY=VALUE APP COMMAND' })
  return [key, value]
}

export default group('run', 'Run one-off commands', [run])
