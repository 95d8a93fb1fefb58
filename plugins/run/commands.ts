import {
  type App,
  app,
  boolean,
  command,
  currentRelease,
  group,
  notDeployed,
  ofApp,
  option,
  processesOf,
  type Release,
  repeated,
  rest,
  runDetached,
  runOneOff,
  UserError,
} from 'dokku'
import { list, logs, stop } from './runs.ts'

const words = rest('COMMAND', String, { complete: ofApp(processesOf) })

const added = {
  env: repeated(option('KEY=VALUE', 'add to the environment', parseEnv, { short: 'e', secret: true })),
  'ttl-seconds': option('SECONDS', 'stop it after so long', parseSeconds),
}

const run = command({
  name: 'run',
  summary: 'run a command in a new container of an app',
  description: 'The container has the image and config of the current release and goes when the command ends. Its exit status is yours.',
  args: { app: app(), words },
  flags: { ...added, 'no-tty': boolean('without a terminal, even where there is one') },
  passthrough: true,
  examples: ['run node-js-app ls -la /app', 'run -e DEBUG=1 node-js-app node'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const release = releaseOf(args.app)
    const oneOff = { words: wordsOf(release, args.words), env: Object.fromEntries(flags.env), ttlSeconds: flags['ttl-seconds'] }
    return await runOneOff(args.app, release, { ...oneOff, tty: !flags['no-tty'] }, context)
  },
})

const detached = command({
  name: 'run:detached',
  summary: 'run a command in a new container of an app and leave it',
  description:
    'Prints the name of the container. It outlives the connection and control itself; for an hour after its end run:list shows its exit status and run:logs its lines.',
  args: { app: app(), words },
  flags: { ...added, 'no-tty': boolean('nothing changes: it never has a terminal') },
  passthrough: true,
  examples: ['run:detached node-js-app node import.js', 'run:detached --ttl-seconds 600 node-js-app worker'],
  right: 'deploy',
  next: ({ args }) => `run:logs ${args.app.name} shows what it says, run:list how it ended`,

  async run({ args, flags, context }) {
    const release = releaseOf(args.app)
    const oneOff = { words: wordsOf(release, args.words), env: Object.fromEntries(flags.env), ttlSeconds: flags['ttl-seconds'] }
    context.output.line(await runDetached(args.app, release, oneOff))
  },
})

function releaseOf(one: App): Release {
  const release = currentRelease(one)
  if (release === undefined) throw notDeployed(one)
  return release
}

/** A process type by its name alone is its command. */
function wordsOf({ manifest }: Release, words: string[]): string[] {
  const [first = '', ...others] = words
  const process = others.length === 0 && Object.hasOwn(manifest.processes, first) ? manifest.processes[first] : undefined
  return process == null ? words : ['/bin/sh', '-c', process]
}

function parseEnv(text: string): [key: string, value: string] {
  const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new UserError('bad-pair', `${JSON.stringify(text.slice(0, 40))} is not KEY=VALUE`, { hint: 'run -e KEY=VALUE APP COMMAND' })
  return [key, value]
}

function parseSeconds(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  throw new UserError('bad-ttl', `${JSON.stringify(text.slice(0, 20))} is not a number of seconds`, { hint: '--ttl-seconds 600' })
}

export default group('run', 'Run one-off commands', [run, detached, list, logs, stop])
