import {
  app,
  changing,
  command,
  confirm,
  currentRelease,
  deploying,
  describeDiff,
  diffReleases,
  findRelease,
  format,
  group,
  listReleases,
  ofApp,
  option,
  optional,
  param,
  parseRetention,
  parseVersion,
  pruneReleases,
  type Release,
  reportCommand,
  retentionOf,
  rollback,
  setCommand,
  UserError,
  withoutValues,
} from 'dokku'

/** A version word; the releases there are complete it. */
const version = (summary: string) =>
  param<number>({
    summary,
    label: 'version',
    parse: parseVersion,
    complete: ofApp((one) => listReleases(one).map(({ version }) => `v${version}`)),
  })

const list = command({
  name: 'releases:list',
  aliases: ['releases'],
  summary: 'list the releases of an app, newest first',
  args: { app: app() },
  flags: { format },
  examples: ['releases:list node-js-app', 'releases:list node-js-app --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    const current = currentRelease(args.app)?.version
    const releases = listReleases(args.app)
    if (flags.format === 'json') return context.output.line(JSON.stringify(releases.map((one) => summaryOf(one, current))))
    if (!context.quiet) context.output.result(`${args.app.name} releases`)
    for (const { version, description, createdBy, createdAt } of releases)
      context.output.line(
        `${`v${version}`.padEnd(6)}${version === current ? '*' : ' '} ${date(createdAt)}  ${createdBy.padEnd(16)} ${description}`,
      )
  },
})

const info = command({
  name: 'releases:info',
  summary: 'show a release: who, when, why, commit, image and processes',
  description: 'Without a version, the current one. Config vars are named, their values are not shown.',
  args: { app: app(), version: optional(version('v3 or 3')) },
  flags: { format },
  examples: ['releases:info node-js-app', 'releases:info node-js-app v3'],
  right: 'view',

  async run({ args, flags, context }) {
    const release = findRelease(args.app, args.version)
    const said = {
      ...summaryOf(release, currentRelease(args.app)?.version),
      config: Object.keys(release.config),
      options: optionsOf(release),
    }
    if (flags.format === 'json') return context.output.line(JSON.stringify(said))
    if (!context.quiet) context.output.result(`${args.app.name} v${release.version}${said.current ? ' (current)' : ''}`)
    const lines = {
      'What:': release.description,
      'By:': release.createdBy,
      'When:': date(release.createdAt),
      'Commit:': release.revision ?? 'none',
      'Image:': release.image,
      'Processes:': Object.entries(release.formation)
        .map(([process, count]) => `${process}=${count}`)
        .join(' '),
      'Config:': said.config.join(' ') || 'none',
      'Options:': said.options.join(', ') || 'none',
    }
    for (const [title, value] of Object.entries(lines)) context.output.detail(`${title.padEnd(12)}${value}`)
  },
})

const diff = command({
  name: 'releases:diff',
  summary: 'show what changed between two releases',
  description: 'With one version, against the one before it; without any, what the current one changed. Of config only names are shown.',
  args: { app: app(), from: optional(version('v3 or 3')), to: optional(version('v4 or 4')) },
  flags: { format },
  examples: ['releases:diff node-js-app', 'releases:diff node-js-app v3 v5'],
  right: 'view',

  async run({ args, flags, context }) {
    const to = findRelease(args.app, args.to ?? args.from)
    const from = args.to === undefined ? before(args.app, to) : findRelease(args.app, args.from)
    const found = diffReleases(from, to)
    if (flags.format === 'json') return context.output.line(JSON.stringify(found))
    if (!context.quiet) context.output.result(`${args.app.name} v${from.version} -> v${to.version}`)
    const lines = describeDiff(found)
    for (const line of lines.length > 0 ? lines : ['nothing changed']) context.output.detail(line)
  },
})

const back = command({
  name: 'releases:rollback',
  aliases: ['rollback'],
  summary: 'bring back an earlier release: its image, config and formation',
  description: 'Without a version, the one before the current. The rollback is itself a release, so it can be rolled back.',
  args: { app: app(), version: optional(version('v3 or 3')) },
  examples: ['releases:rollback node-js-app', 'releases:rollback node-js-app v3'],
  right: 'deploy',

  async run({ args, context }) {
    await deploying(args.app, context, async () => {
      const release = await rollback(args.app, args.version, { user: context.identity.name, output: context.output })
      context.output.result(`${args.app.name} serves v${release.version} (${release.description})`)
    })
  },
})

const prune = command({
  name: 'releases:prune',
  summary: 'forget old releases, and remove the images that no other one needs',
  description:
    'This also happens after every deploy. The current release stays, and so does the last one of another image, so that there is always code to go back to.',
  args: { app: app() },
  flags: { keep: option('COUNT', 'how many to keep, instead of what releases:set says', parseRetention) },
  examples: ['releases:prune node-js-app', 'releases:prune node-js-app --keep 3'],
  right: 'deploy',

  async run({ args, flags, context }) {
    await confirm(context, args.app.name, `remove releases of ${args.app.name} for good`)
    await changing(args.app, context, async () => {
      const gone = await pruneReleases(args.app, flags.keep)
      context.output.step(gone.length === 0 ? 'Nothing to prune' : `Pruned ${gone.map((one) => `v${one}`).join(', ')}`)
    })
  },
})

const set = command(
  setCommand('releases', { retention: { summary: 'how many releases are kept, 10 by default', check: parseRetention } }, [
    'releases:set node-js-app retention 25',
  ]),
)

const report = command(
  reportCommand('releases', {
    'releases-current': (one) => String(currentRelease(one)?.version ?? ''),
    'releases-count': (one) => String(listReleases(one).length),
    'releases-retention': (one) => String(retentionOf(one)),
  }),
)

function before(one: Parameters<typeof listReleases>[0], release: Release): Release {
  const found = listReleases(one).find(({ version }) => version < release.version)
  if (found !== undefined) return found
  throw new UserError('no-such-release', `${one.name} has no release before v${release.version}`, { hint: `releases:list ${one.name}` })
}

function summaryOf({ version, description, createdBy, createdAt, revision, image, formation }: Release, current: number | undefined) {
  return { version, current: version === current, description, createdBy, createdAt, revision, image, formation }
}

/** Those of the app and those that plugins added; what variables hold is not shown. */
function optionsOf({ options, args }: Release): string[] {
  return [...options, ...args].map(withoutValues)
}

function date(at: string): string {
  return at.slice(0, 19).replace('T', ' ')
}

export default group('releases', 'Manage the releases of an app', [list, info, diff, back, prune, set, report])
