import {
  type App,
  app,
  buildpacksOf,
  type Context,
  changing,
  checkImageName,
  command,
  format,
  group,
  ofApp,
  option,
  optional,
  param,
  parseBuildpack,
  propertyFields,
  reportCommand,
  setGlobalCommand,
  storeBuildpacks,
  UserError,
} from 'dokku'

const buildpack = param({ summary: 'a URL, or a name such as heroku/nodejs', label: 'buildpack', parse: parseBuildpack })
const index = option('N', 'the place in the order, from 1', parseIndex)

const add = command({
  name: 'buildpacks:add',
  summary: 'add a buildpack at the end, or at a place',
  args: { app: app(), buildpack },
  flags: { index },
  examples: [
    'buildpacks:add node-js-app heroku/nodejs',
    'buildpacks:add --index 1 node-js-app https://github.com/heroku/heroku-buildpack-apt.git',
  ],
  right: 'deploy',

  async run({ args, flags, context }) {
    await change(args.app, context, (before) => {
      if (before.includes(args.buildpack)) throw new UserError('bad-buildpack', `${args.app.name} has ${args.buildpack} already`)
      const at = Math.min((flags.index ?? before.length + 1) - 1, before.length)
      return before.toSpliced(at, 0, args.buildpack)
    })
  },
})

const set = command({
  name: 'buildpacks:set',
  summary: 'replace the first buildpack, or the one at a place',
  args: { app: app(), buildpack },
  flags: { index },
  examples: ['buildpacks:set node-js-app heroku/nodejs', 'buildpacks:set --index 2 node-js-app heroku/ruby'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await change(args.app, context, (before) => {
      const at = Math.min((flags.index ?? 1) - 1, before.length)
      return before.toSpliced(at, 1, args.buildpack)
    })
  },
})

const remove = command({
  name: 'buildpacks:remove',
  summary: 'remove a buildpack',
  args: {
    app: app(),
    buildpack: optional(param({ summary: 'the buildpack', label: 'buildpack', parse: parseBuildpack, complete: ofApp(buildpacksOf) })),
  },
  flags: { index },
  examples: ['buildpacks:remove node-js-app heroku/nodejs', 'buildpacks:remove --index 1 node-js-app'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await change(args.app, context, (before) => {
      const at = args.buildpack === undefined ? (flags.index ?? 0) - 1 : before.indexOf(args.buildpack)
      if (before[at] !== undefined) return before.toSpliced(at, 1)
      throw new UserError('bad-buildpack', `${args.app.name} has no such buildpack`, { hint: `buildpacks:list ${args.app.name}` })
    })
  },
})

const clear = command({
  name: 'buildpacks:clear',
  summary: 'remove all buildpacks that were set; those that the tree names stay',
  args: { app: app() },
  examples: ['buildpacks:clear node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await change(args.app, context, () => [])
  },
})

const list = command({
  name: 'buildpacks:list',
  summary: 'list the buildpacks of an app in the order in which they run',
  args: { app: app() },
  flags: { format },
  examples: ['buildpacks:list node-js-app', 'buildpacks:list node-js-app --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    const all = buildpacksOf(args.app)
    if (flags.format === 'json') return context.output.line(JSON.stringify(all))
    if (!context.quiet) context.output.result(`${args.app.name} buildpack urls`)
    for (const url of all) context.output.line(context.quiet ? url : `  ${url}`)
  },
})

const setProperty = command({
  ...setGlobalCommand(
    'buildpacks',
    { stack: { summary: 'the image in which buildpacks compile; the newest of Heroku’s unless set', check: checkImageName } },
    ['buildpacks:set-property node-js-app stack heroku/heroku:24-build', 'buildpacks:set-property --global stack heroku/heroku:24-build'],
  ),
  name: 'buildpacks:set-property',
})

const report = command(
  reportCommand('buildpacks', {
    'buildpacks-list': (one) => buildpacksOf(one).join(','),
    ...propertyFields('buildpacks', 'stack'),
  }),
)

async function change(one: App, context: Context, changed: (before: string[]) => string[]): Promise<void> {
  await changing(one, context, async () => storeBuildpacks(one, changed(buildpacksOf(one))))
  for (const url of buildpacksOf(one)) context.output.detail(url)
  context.output.step(`The next deploy of ${one.name} takes them`)
}

function parseIndex(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new UserError('bad-count', `${JSON.stringify(text.slice(0, 20))} is not a place: they count from 1`)
}

export default group('buildpacks', 'Choose the buildpacks that build an app', [add, set, remove, clear, list, setProperty, report])
