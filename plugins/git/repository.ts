import { app, changing, command, option, UserError, unlockRepository } from 'dokku'

export const initialize = command({
  name: 'git:initialize',
  summary: "make an app's repository where it is missing, and put its settings right",
  description:
    'A repository takes pushes from those of its own object format: SHA-1, which is usual, or SHA-256. An empty one may be given the other; to a push that does not fit, git says "unexpected capabilities".',
  args: { app: app() },
  flags: { 'object-format': option('FORMAT', 'sha1 or sha256', parseFormat, { complete: () => formats }) },
  examples: ['git:initialize node-js-app', 'git:initialize node-js-app --object-format sha256'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await changing(args.app, context, () => context.instance.repositories.ensure(String(args.app.id), flags['object-format']))
    context.output.step(`The repository of ${args.app.name} is there`)
  },
})

const formats = ['sha1', 'sha256'] as const

function parseFormat(text: string): (typeof formats)[number] {
  const format = formats.find((one) => one === text)
  if (format !== undefined) return format
  throw new UserError('bad-choice', `${JSON.stringify(text.slice(0, 40))} is none of ${formats.join(', ')}`)
}

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
