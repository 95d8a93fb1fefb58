import {
  app,
  command,
  currentRelease,
  deploying,
  group,
  listReleases,
  option,
  optional,
  param,
  parseFormat,
  rollback,
  UserError,
} from 'dokku'

const list = command({
  name: 'releases:list',
  aliases: ['releases'],
  summary: 'list the releases of an app, newest first',
  args: { app: app() },
  flags: { format: option('FORMAT', 'text or json', parseFormat) },
  examples: ['releases:list node-js-app', 'releases:list node-js-app --format json'],
  right: 'none',

  async run({ args, flags, context }) {
    const current = currentRelease(args.app)?.version
    const releases = listReleases(args.app)
    if (flags.format === 'json')
      return context.output.line(
        JSON.stringify(
          releases.map(({ version, description, createdBy, createdAt, revision, image, formation }) => ({
            version,
            current: version === current,
            description,
            createdBy,
            createdAt,
            revision,
            image,
            formation,
          })),
        ),
      )
    if (!context.quiet) context.output.result(`${args.app.name} releases`)
    for (const { version, description, createdBy, createdAt } of releases)
      context.output.line(
        `${`v${version}`.padEnd(6)}${version === current ? '*' : ' '} ${createdAt.slice(0, 19).replace('T', ' ')}  ${createdBy.padEnd(16)} ${description}`,
      )
  },
})

const back = command({
  name: 'releases:rollback',
  aliases: ['rollback'],
  summary: 'bring back an earlier release: its image, config and formation',
  description: 'Without a version, the one before the current. The rollback is itself a release, so it can be rolled back.',
  args: { app: app(), version: optional(param({ summary: 'v3 or 3', label: 'version', parse: parseVersion })) },
  examples: ['releases:rollback node-js-app', 'releases:rollback node-js-app v3'],
  right: 'deploy',

  async run({ args, context }) {
    await deploying(args.app, context, async () => {
      const release = await rollback(args.app, args.version, { user: context.identity.name, output: context.output })
      context.output.result(`${args.app.name} serves v${release.version} (${release.description})`)
    })
  },
})

function parseVersion(word: string): number {
  const [, digits] = /^v?(\d{1,9})$/.exec(word) ?? []
  if (digits === undefined)
    throw new UserError('bad-version', `${JSON.stringify(word)} is not a release version`, { hint: 'v3, as releases:list shows it' })
  return Number(digits)
}

export default group('releases', 'Manage the releases of an app', [list, back])
