import { type App, app, boolean, type Context, combined, command, followed, format, option, parseCount, plain, UserError } from 'dokku'

const num = option('N', 'how many lines of before, 100 by default', parseCount, { short: 'n' })
const tail = boolean('go on with new lines as they come', { short: 't' })

export const accessLogs = command({
  name: 'nginx:access-logs',
  summary: 'show the requests of an app, the last hundred or those to come',
  args: { app: app() },
  flags: { tail, num, format },
  examples: ['nginx:access-logs node-js-app', 'nginx:access-logs node-js-app -t', 'nginx:access-logs node-js-app --num 20 --format json'],
  right: 'view',

  run: ({ args, flags, context }) =>
    print(args.app, 'access', { ...flags, lines: flags.num }, context, flags.format === 'json' ? (line) => line : combined),
})

export const errorLogs = command({
  name: 'nginx:error-logs',
  summary: 'show what nginx says of requests to an app, the last hundred lines or those to come',
  args: { app: app() },
  flags: { tail, num },
  examples: ['nginx:error-logs node-js-app', 'nginx:error-logs node-js-app -t'],
  right: 'view',

  run: ({ args, flags, context }) => print(args.app, 'error', { ...flags, lines: flags.num }, context, plain),
})

export const stats = command({
  name: 'nginx:stats',
  summary: 'show how an app answers: requests, errors, and how long they take',
  args: { app: app() },
  flags: { minutes: option('N', 'over how many minutes, up to 15; 5 by default', parseMinutes), format },
  examples: ['nginx:stats node-js-app', 'nginx:stats node-js-app --minutes 15 --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    const { output, quiet } = context
    const found = await args.app.instance.appliance.stats(args.app.site, flags.minutes ?? 5)
    if (flags.format === 'json') return output.line(JSON.stringify(found))
    if (!quiet) output.result(`${args.app.name} over ${found.minutes} minutes`)
    const row = (name: string, value: string) => output.detail(`${`${name}:`.padEnd(20)} ${value}`)
    row('Requests', `${found.requests} (${found.perSecond.toFixed(2)} a second)`)
    row('Errors (5xx)', `${found.classes['5xx']} (${(found.errors * 100).toFixed(2)} %)`)
    row('Others', `2xx ${found.classes['2xx']}, 3xx ${found.classes['3xx']}, 4xx ${found.classes['4xx']}`)
    row('Sent', `${(found.bytes / 1024 ** 2).toFixed(1)} MiB`)
    for (const name of ['p50', 'p95', 'p99'] as const) row(`Time, ${name}`, milliseconds(found[name]))
  },
})

async function print(
  one: App,
  kind: 'access' | 'error',
  { tail: follow, lines }: { tail: boolean; lines: number | undefined },
  context: Context,
  shown: (line: string) => string,
): Promise<void> {
  const wish = { lines: lines ?? 100, follow, signal: followed(context) }
  for await (const line of one.instance.appliance.log(one.site, kind, wish)) context.output.line(shown(line))
}

function milliseconds(seconds: number | undefined): string {
  return seconds === undefined ? '-' : `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`
}

function parseMinutes(text: string): number {
  const minutes = Number(text)
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= 15) return minutes
  throw new UserError('bad-count', `${JSON.stringify(text.slice(0, 20))} is not a number of minutes from 1 to 15`)
}
