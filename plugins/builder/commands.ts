import {
  app,
  checkTreePath,
  command,
  currentRelease,
  detectBuilder,
  format,
  group,
  lastSource,
  propertyFields,
  reportCommand,
  setGlobalCommand,
  UserError,
} from 'dokku'

const set = command(
  setGlobalCommand(
    'builder',
    {
      selected: {
        summary: 'the builder; empty has the tree decide',
        values: ['buildpacks', 'dockerfile', 'compose', 'runtime', 'null'],
        check: checkName,
      },
      network: { summary: 'none: steps of builds reach no network', values: ['none'], check: checkNetwork },
      'build-dir': { summary: 'the folder of the tree that is built; empty is the whole tree', check: checkTreePath },
    },
    [
      'builder:set node-js-app selected dockerfile',
      'builder:set node-js-app selected',
      'builder:set --global selected runtime',
      'builder:set node-js-app build-dir backend',
    ],
  ),
)

const detect = command({
  name: 'builder:detect',
  summary: 'say which builder the pushed source of an app gets, and which others would do',
  args: { app: app() },
  flags: { format },
  examples: ['builder:detect node-js-app', 'builder:detect node-js-app --format json'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const source = await lastSource(args.app)
    if (source.kind !== 'commit') throw new UserError('no-builder', `${args.app.name} is deployed from an image: nothing is built`)
    const { driver, others } = await detectBuilder(args.app, source, { user: context.identity.name, output: context.output })
    const all = [driver, ...others].map(({ name, summary }) => ({ name, summary }))
    if (flags.format === 'json') return context.output.line(JSON.stringify(all))
    for (const { name, summary } of all) context.output.line(`${name.padEnd(12)} ${summary}`)
  },
})

const report = command(
  reportCommand('builder', {
    ...propertyFields('builder', 'selected'),
    ...propertyFields('builder', 'build-dir'),
    ...propertyFields('builder', 'network'),
    'builder-deployed-image': (one) => currentRelease(one)?.image ?? '',
  }),
)

function checkNetwork(text: string): void {
  if (text !== 'none') throw new UserError('bad-choice', 'The network of builds is none, or is not set')
}

function checkName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,40}$/.test(name)) return
  throw new UserError('no-such-builder', `${JSON.stringify(name.slice(0, 40))} is not the name of a builder`, {
    hint: 'buildpacks, dockerfile, compose, runtime',
  })
}

export default group('builder', 'Choose how the source of an app becomes an image', [set, detect, report])
