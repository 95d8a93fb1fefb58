import {
  app,
  baseImagesOf,
  changing,
  checkImageName,
  command,
  group,
  optional,
  param,
  reportCommand,
  storeBaseImages,
  UserError,
} from 'dokku'

const set = command({
  name: 'builder-runtime:set',
  summary: 'set the base image of a language for an app; without one, the usual one again',
  description:
    'The language is the name of a runtime, such as node. node:build and node:run tell the image in which is built from the one in which the app runs.',
  args: {
    app: app(),
    runtime: param({ summary: 'a runtime, such as node', label: 'runtime', parse: parseRuntime }),
    image: optional(param({ summary: 'an image; left out, the usual one', label: 'image', parse: checkImageName })),
  },
  examples: [
    'builder-runtime:set node-js-app node node:22',
    'builder-runtime:set node-js-app node:run registry.lan/node:24-slim',
    'builder-runtime:set node-js-app node',
  ],
  right: 'deploy',

  async run({ args, context }) {
    await changing(args.app, context, async () => {
      const { [args.runtime]: _, ...others } = baseImagesOf(args.app)
      storeBaseImages(args.app, args.image === undefined ? others : { ...others, [args.runtime]: args.image })
    })
    context.output.step(args.image === undefined ? `Unsetting ${args.runtime}` : `Setting ${args.runtime} to ${args.image}`)
  },
})

const report = command(
  reportCommand('builder-runtime', {
    'builder-runtime-images': (one) =>
      Object.entries(baseImagesOf(one))
        .map(([name, image]) => `${name}=${image}`)
        .join(' '),
  }),
)

function parseRuntime(name: string): string {
  if (/^[a-z][a-z0-9-]{0,30}(:build|:run)?$/.test(name)) return name
  throw new UserError('bad-choice', `${JSON.stringify(name.slice(0, 40))} is not the name of a runtime`, { hint: 'node, or node:run' })
}

export default group('builder-runtime', 'Settings of builds that need no Dockerfile', [set, report])
