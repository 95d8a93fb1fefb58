import {
  app,
  boolean,
  command,
  followEvents,
  followed,
  format,
  group,
  type JournalEvent,
  lastEvents,
  may,
  option,
  optional,
  parseCount,
  visibleApps,
} from 'dokku'

const events = command({
  name: 'events',
  aliases: ['events:list'],
  summary: 'show what happened, to one app or all',
  description: 'Commands that changed something, pushes, and what dokku noticed and put right. With -t, JSON is one event a line.',
  args: { app: optional(app()) },
  flags: {
    tail: boolean('go on with new events as they come', { short: 't' }),
    num: option('COUNT', 'how many of the last events (100)', parseCount, { short: 'n' }),
    format,
  },
  examples: ['events', 'events -t', 'events --app node-js-app --num 20', 'events --format json'],
  right: 'view',
  eachApp: true,

  async run({ args, flags, context }) {
    const { db } = context.instance
    // Whoever sees all sees what concerns no app, too.
    const all = args.app === undefined && may(context.identity, 'view')
    const apps = all ? undefined : (args.app === undefined ? await visibleApps(context) : [args.app]).map(({ name }) => name)
    const wanted = { apps, count: flags.num ?? 100 }
    const print = flags.format === 'json' ? (event: JournalEvent) => JSON.stringify(event) : line
    if (flags.tail) for await (const event of followEvents(db, wanted, followed(context))) context.output.line(print(event))
    else if (flags.format === 'json') context.output.line(JSON.stringify(lastEvents(db, wanted)))
    else for (const event of lastEvents(db, wanted)) context.output.line(line(event))
  },
})

function line({ at, app: name, by, text }: JournalEvent): string {
  return `${at.slice(0, 19).replace('T', ' ')}  ${(name ?? '-').padEnd(20)} ${by.padEnd(16)} ${text}`
}

const on = command({
  name: 'events:on',
  summary: 'say that events are kept: they always are',
  hidden: true,
  examples: ['events:on'],
  right: 'none',

  async run({ context }) {
    context.output.step('Events are always kept: events shows them')
  },
})

export default group('events', 'Show what happened', [events, on])
