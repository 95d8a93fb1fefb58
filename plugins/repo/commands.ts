import { app, changing, command, group, packRepository, purgeCache } from 'dokku'

const gc = command({
  name: 'repo:gc',
  summary: 'pack the git repository of an app, so that it takes less room',
  args: { app: app() },
  examples: ['repo:gc node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Packing the repository of ${args.app.name}`)
    await changing(args.app, context, () => packRepository(args.app))
  },
})

const purge = command({
  name: 'repo:purge-cache',
  summary: 'remove what builds of an app keep for its next ones: packages and the like',
  description:
    'Caches of Dockerfiles of its own are the engine’s, which knows no apps: builder settings of the instance keep those within their size.',
  args: { app: app() },
  examples: ['repo:purge-cache node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    const bytes = await changing(args.app, context, () => purgeCache(args.app))
    context.output.step(`Removed ${(bytes / 1e6).toFixed(1)} MB of the build cache of ${args.app.name}`)
  },
})

export default group('repo', 'Look after the repository and the build cache of an app', [gc, purge])
