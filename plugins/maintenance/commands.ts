import { type App, app, changeFront, command, group, keptFront, readBytes, reportCommand } from 'dokku'
import { longestPage, readPage } from './page.ts'

const enable = command({
  name: 'maintenance:enable',
  summary: 'answer all requests of an app with 503 and a page',
  description: 'The app goes on running. Certificates are renewed meanwhile.',
  args: { app: app() },
  examples: ['maintenance:enable node-js-app'],
  right: 'deploy',
  next: ({ args }) => `maintenance:disable ${args.app.name} opens it again`,

  async run({ args, context }) {
    context.output.step(`Enabling maintenance mode for ${args.app.name}`)
    await changeFront(args.app, context, 'maintenance', (before) => ({ ...before, enabled: true }))
    context.output.detail('done')
  },
})

const disable = command({
  name: 'maintenance:disable',
  summary: 'let requests through to an app again',
  args: { app: app() },
  examples: ['maintenance:disable node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Disabling maintenance mode for ${args.app.name}`)
    await changeFront(args.app, context, 'maintenance', (before) => ({ ...before, enabled: false }))
    context.output.detail('done')
  },
})

const customPage = command({
  name: 'maintenance:custom-page',
  summary: 'keep a page for maintenance, from standard input',
  description:
    'HTML as it is (`< page.html`), or a tar (gzip or not) with maintenance.html and the files that this names by absolute paths, such as /logo.svg. Three million bytes at most. It is kept until the next one.',
  args: { app: app() },
  examples: ['maintenance:custom-page node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step('Importing custom maintenance page')
    const page = await readPage(await readBytes(context, longestPage))
    await changeFront(args.app, context, 'maintenance', ({ enabled }) => ({ enabled, ...page }))
    for (const name of ['maintenance.html', ...Object.keys(page.files ?? {})]) context.output.detail(name)
    context.output.detail('done')
  },
})

const report = command({
  ...reportCommand('maintenance', {
    'maintenance-enabled': (one: App) => String(keptFront(one, 'maintenance').enabled),
    'maintenance-page': (one: App) => (keptFront(one, 'maintenance').page === undefined ? 'usual' : 'custom'),
  }),
  aliases: ['maintenance'],
})

export default group('maintenance', 'Close an app for a while', [enable, disable, customPage, report])
