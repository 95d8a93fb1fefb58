import { app, boolean, changing, command, group, option, parseFormat, releaseChange, rest, UserError, word } from 'dokku'
import { assertFits, decode, parsePair } from './pairs.ts'

const show = command({
  name: 'config:show',
  aliases: ['config'],
  summary: 'show the config vars of an app',
  args: { app: app() },
  flags: { format: option('FORMAT', 'text or json', parseFormat) },
  examples: ['config:show node-js-app', 'config:show node-js-app --format json'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const vars = Object.entries(args.app.config.all())
    if (flags.format === 'json') return context.output.line(JSON.stringify(Object.fromEntries(vars)))
    if (!context.quiet) context.output.result(`${args.app.name} env vars`)
    const width = Math.max(0, ...vars.map(([key]) => key.length)) + 1
    for (const [key, value] of vars) context.output.line(`${`${key}:`.padEnd(width)}  ${value}`)
  },
})

const get = command({
  name: 'config:get',
  summary: 'print the value of one config var',
  args: { app: app(), key: word('the config var', 'KEY') },
  flags: { quoted: boolean('in single quotes, for a shell') },
  examples: ['config:get node-js-app RAILS_ENV'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const value = args.app.config.all()[args.key]
    if (value === undefined) return 1
    context.output.line(flags.quoted ? `'${value.replaceAll("'", "'\\''")}'` : value)
    return 0
  },
})

const set = command({
  name: 'config:set',
  summary: 'set one or more config vars',
  description: 'A deployed app is released again with the new values, without dropping a request.',
  args: { app: app(), pairs: rest('KEY=VALUE', parsePair) },
  flags: {
    'no-restart': boolean('store the values, leave the app running as it is'),
    encoded: boolean('the values are base64'),
  },
  examples: ['config:set node-js-app RAILS_ENV=production', 'config:set --no-restart node-js-app A=1 B=2'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const pairs = Object.fromEntries(args.pairs.map(([key, value]) => [key, flags.encoded ? decode(key, value) : value]))
    for (const [key, value] of Object.entries(pairs)) assertFits(key, value)
    const keys = Object.keys(pairs)
    await changing(args.app, context, async () => {
      context.output.step('Setting config vars')
      for (const key of keys) context.output.detail(`${key}:  ${pairs[key]}`)
      args.app.config.set(pairs)
      if (!flags['no-restart'])
        await releaseChange(args.app, `Set ${keys.join(', ')}`, { user: context.identity.name, output: context.output })
    })
  },
})

const unset = command({
  name: 'config:unset',
  summary: 'remove one or more config vars',
  args: { app: app(), keys: rest('KEY') },
  flags: { 'no-restart': boolean('remove the values, leave the app running as it is') },
  examples: ['config:unset node-js-app RAILS_ENV'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await changing(args.app, context, async () => {
      const known = args.keys.filter((key) => key in args.app.config.all())
      const unknown = args.keys.find((key) => !known.includes(key))
      if (known.length === 0)
        throw new UserError('no-such-config', `${args.app.name} has no config var ${unknown}`, { hint: `config:show ${args.app.name}` })
      for (const key of known) context.output.step(`Unsetting ${key}`)
      args.app.config.unset(known)
      if (!flags['no-restart'])
        await releaseChange(args.app, `Unset ${known.join(', ')}`, { user: context.identity.name, output: context.output })
    })
  },
})

export default group('config', 'Manage environment variables of an app', [show, get, set, unset])
