import { type App, app, type Build, type Context, command, format, listBuilds, openBuilds, optional, visibleApps } from 'dokku'
import { captions, cells, describe, table } from './show.ts'

/** `builds:list` in its two forms. */
export const list = command({
  name: 'builds:list',
  summary: 'list the builds of an app, newest first, or those under way over all apps',
  description: 'Without an app: what runs, and then what waits, in the order in which it gets its turn.',
  args: { app: optional(app()) },
  flags: { format },
  examples: ['builds:list', 'builds:list node-js-app', 'builds:list node-js-app --format json'],
  right: 'view',
  eachApp: true,

  async run({ args, flags, context }) {
    const json = flags.format === 'json'
    const { title, none, rows, values } = args.app === undefined ? underWay(await seen(context)) : history(args.app)
    if (json) context.output.line(JSON.stringify(values))
    else if (rows.length === 1) context.output.line(none)
    else {
      if (!context.quiet) context.output.result(title)
      for (const line of table(rows).slice(context.quiet ? 1 : 0)) context.output.line(line)
    }
  },
})

async function seen(context: Context) {
  const apps = await visibleApps(context)
  return openBuilds(context.instance).filter(({ app: one }) => apps.includes(one))
}

function history(one: App) {
  const builds = listBuilds(one)
  return {
    title: `${one.name} builds`,
    none: 'No builds recorded for this app',
    rows: [captions, ...builds.map(cells)],
    values: builds.map((build) => describe(one, build)),
  }
}

function underWay(open: readonly { app: App; build: Build }[]) {
  const running = open.filter(({ build }) => build.status !== 'queued').length
  const place = (at: number) => (at < running ? null : at - running + 1)
  return {
    title: 'Currently running builds',
    none: 'No builds currently running',
    rows: [['App', ...captions, 'Queue'], ...open.map(({ app, build }, at) => [app.name, ...cells(build), String(place(at) ?? '')])],
    values: open.map(({ app, build }, at) => ({ ...describe(app, build), place: place(at) })),
  }
}
