import { app, command, format, UserError } from 'dokku'

export const url = command({
  name: 'url',
  summary: 'print the first address of an app',
  args: { app: app() },
  examples: ['url node-js-app'],
  right: 'view',

  async run({ args, context }) {
    const [first] = args.app.urls
    if (first === undefined)
      throw new UserError('no-domain', `${args.app.name} has no domain`, { hint: `domains:add ${args.app.name} www.example.com` })
    context.output.line(first)
  },
})

export const urls = command({
  name: 'urls',
  summary: 'print the addresses of an app, one a line',
  args: { app: app() },
  flags: { format },
  examples: ['urls node-js-app', 'urls node-js-app --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    if (flags.format === 'json') return context.output.line(JSON.stringify(args.app.urls))
    for (const one of args.app.urls) context.output.line(one)
  },
})
