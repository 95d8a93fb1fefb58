import { type App, boolean, buildVarsOf, type Context, command, format, ofApp, option, param, secretVarsOf, shownVars } from 'dokku'
import { packTar } from 'modern-tar'
import { formatNames, formatVars, parseExportFormat, shellQuoted } from './formats.ts'
import { global, merged, nameOf, scoped, varsOf } from './scope.ts'

const show = command({
  name: 'config:show',
  aliases: ['config'],
  summary: 'show the config vars of an app',
  description: 'What was set with --secret is shown as ********: config:get and config:export print it.',
  args: scoped,
  flags: { ...global, ...merged, format },
  examples: ['config:show node-js-app', 'config:show node-js-app --merged', 'config:show --global --format json'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const secret = [args.app ?? context.instance, context.instance].flatMap((one) => [...secretVarsOf(one)])
    const vars = shownVars(varsOf({ args, flags, context }), new Set(secret))
    if (flags.format !== 'json' && !context.quiet) context.output.result(`${nameOf(args.app)} env vars`)
    print(formatVars(vars, flags.format === 'json' ? 'json' : 'pretty'), context)
  },
})

const get = command({
  name: 'config:get',
  summary: 'print the value of one config var',
  args: { ...scoped, key: param({ summary: 'the config var', label: 'KEY', parse: String, complete: ofApp(keysOf) }) },
  flags: { ...global, ...merged, quoted: boolean('in single quotes, for a shell') },
  examples: ['config:get node-js-app RAILS_ENV', 'config:get --global RAILS_ENV'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const value = new Map(Object.entries(varsOf({ args, flags, context }))).get(args.key)
    if (value === undefined) return 1
    context.output.line(flags.quoted ? shellQuoted(value) : value)
    return 0
  },
})

const keys = command({
  name: 'config:keys',
  summary: 'list the names of the config vars of an app',
  args: scoped,
  flags: { ...global, ...merged, format, build: boolean('only those that builds may read') },
  examples: ['config:keys node-js-app', 'config:keys node-js-app --build', 'config:keys --global'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const forBuilds = args.app === undefined ? [] : buildVarsOf(args.app)
    const names = Object.keys(varsOf({ args, flags, context })).filter((key) => !flags.build || forBuilds.includes(key))
    print(flags.format === 'json' ? JSON.stringify(names) : names.join('\n'), context)
  },
})

const exported = command({
  name: 'config:export',
  summary: 'print the config vars of an app for a shell, a file or another program',
  description: `Formats: ${formatNames.join(', ')}. What exports, envfile, json and json-list print, config:import reads.`,
  args: scoped,
  flags: {
    ...global,
    ...merged,
    format: option('FORMAT', 'how to print them (exports)', parseExportFormat, { complete: () => formatNames }),
  },
  examples: [
    'config:export node-js-app',
    'config:export node-js-app --format envfile',
    'config:export --merged node-js-app --format shell',
  ],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    print(formatVars(varsOf({ args, flags, context }), flags.format ?? 'exports'), context)
  },
})

const bundle = command({
  name: 'config:bundle',
  summary: 'print the config vars of an app as a tar archive, one file for each',
  args: scoped,
  flags: { ...global, ...merged },
  examples: ['config:bundle node-js-app', 'config:bundle --merged node-js-app'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const vars = Object.entries(varsOf({ args, flags, context }))
    const archive = await packTar(vars.map(([name, body]) => ({ header: { name, mode: 0o600, size: Buffer.byteLength(body) }, body })))
    await new Promise((done) => context.session.stdout.write(archive, done))
  },
})

/** The names of the config vars of an app. */
export function keysOf(one: App): string[] {
  return Object.keys(one.config.all())
}

function print(text: string, context: Context): void {
  if (text !== '') context.output.line(text)
}

/** Commands that look at config vars. */
export const looking = [show, get, keys, exported, bundle]
