import { app, changing, command, unlockRepository } from 'dokku'

export const initialize = command({
  name: 'git:initialize',
  summary: "make an app's repository where it is missing, and put its settings right",
  args: { app: app() },
  examples: ['git:initialize node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    await context.instance.repositories.ensure(String(args.app.id))
    context.output.step(`The repository of ${args.app.name} is there`)
  },
})

export const unlock = command({
  name: 'git:unlock',
  summary: "remove locks that a killed git left in an app's repository",
  description: 'Locks that are less than a minute old are left alone: git may be at work. apps:unlock is about deploys.',
  args: { app: app() },
  examples: ['git:unlock node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    const count = await changing(args.app, context, () => unlockRepository(args.app))
    context.output.step(`Removed ${count} ${count === 1 ? 'lock' : 'locks'} of ${args.app.name}`)
  },
})
