import {
  type ArchiveType,
  allowedHosts,
  app,
  archiveLimits,
  archiveTypes,
  checkRemote,
  command,
  commitArchive,
  commitSource,
  computedProperty,
  credentialsFor,
  deployInTurn,
  download,
  option,
  optional,
  param,
  parseRemote,
  receiveInTurn,
  UserError,
  withLoadedImage,
  word,
} from 'dokku'
import { imageReference } from './image.ts'

/** How long an archive may take to come from its server. */
const downloadMs = 600_000

export const fromArchive = command({
  name: 'git:from-archive',
  summary: 'deploy a tar, tar.gz or zip from a URL, or from standard input after --',
  description: [
    'It becomes a commit on the branch that deploys, of what its only folder holds where there is one.',
    'What it may hold are the settings archive-max-files and archive-max-size of git:set. Private addresses are refused unless git:allow-private has them.',
  ].join('\n'),
  args: {
    app: app(),
    archive: optional(
      param({
        summary: 'a URL of https or http; left out, it comes on standard input',
        label: 'archive-url',
        parse: checkRemote,
        secret: true,
      }),
    ),
    user: optional(word('who made it, unless it is you', 'git-username')),
    email: optional(word('their address', 'git-email')),
  },
  flags: {
    'archive-type': option('TYPE', 'tar, tar.gz or zip; its first bytes tell, unless given', parseType, { complete: () => archiveTypes }),
  },
  examples: [
    'git:from-archive node-js-app https://github.com/team/app/archive/refs/heads/main.tar.gz',
    'git:from-archive --archive-type zip node-js-app --',
  ],
  right: 'deploy',

  async run({ args, flags, context }) {
    const { app: one } = args
    const { identity, instance, output, session } = context
    if (args.archive === undefined && session.header.terminal !== undefined)
      throw new UserError('missing-argument', 'There is no archive', { hint: `git:from-archive ${one.name} -- < app.tar.gz` })
    one.assertUnlocked()
    const signal = AbortSignal.any([AbortSignal.timeout(downloadMs), ...(identity.revoked === undefined ? [] : [identity.revoked])])
    const remote = args.archive === undefined ? undefined : parseRemote(args.archive, ['https', 'http'])
    output.step(`Reading ${remote?.url ?? 'the archive'}`)
    const { db } = instance
    const fetched =
      remote && (await download(remote, { allowed: allowedHosts(db), credentials: (host) => credentialsFor(db, host), signal }))
    const commit = await commitArchive(one, fetched ?? session.stdin, {
      type: flags['archive-type'],
      limits: {
        entries: Number(computedProperty(one, 'git archive-max-files') ?? archiveLimits.entries),
        bytes: Number(computedProperty(one, 'git archive-max-size') ?? archiveLimits.bytes),
      },
      message: `Archive ${remote?.url ?? 'from standard input'}`,
      author: {
        name: plainWord(args.user ?? identity.name),
        email: plainWord(args.email ?? `${identity.name}@${instance.settings.hostname}`),
      },
    })
    await deployInTurn(one, commitSource(one, commit), { user: identity.name, output, signal: identity.revoked })
  },
})

export const loadImage = command({
  name: 'git:load-image',
  summary: 'deploy an image from what docker save wrote, on standard input',
  description: 'Of an archive with several images it is the one of that name. It gets no name on this host but that of its release.',
  args: { app: app(), image: imageReference },
  examples: ['git:load-image node-js-app team/app:v2'],
  right: 'deploy',

  async run({ args, context }) {
    const { identity, output, session } = context
    if (session.header.terminal !== undefined)
      throw new UserError('missing-argument', 'There is no image', {
        hint: `docker save ${args.image} | ssh dokku@HOST git:load-image ${args.app.name} ${args.image}`,
      })
    args.app.assertUnlocked()
    output.step(`Loading ${args.image}`)
    await withLoadedImage(args.app, session.stdin, args.image, (reference) =>
      receiveInTurn(args.app, { kind: 'image', reference }, { user: identity.name, output, signal: identity.revoked }),
    )
  },
})

function parseType(text: string): ArchiveType {
  const type = archiveTypes.find((one) => one === text.replace('tgz', 'tar.gz'))
  if (type !== undefined) return type
  throw new UserError('bad-archive', `${JSON.stringify(text.slice(0, 40))} is no type of archive`, { hint: archiveTypes.join(', ') })
}

/** What ends neither git's line nor the name in it. */
function plainWord(text: string): string {
  return text.replace(/[\p{Cc}<>]/gu, '').slice(0, 200) || 'dokku'
}
