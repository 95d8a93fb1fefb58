import {
  app,
  appName,
  type BackupInfo,
  backupTarget,
  boolean,
  checkTarget,
  command,
  createBackup,
  findBackup,
  format,
  formatSize,
  group,
  leavable,
  listBackups,
  option,
  optional,
  param,
  removeBackup,
  repeated,
  restoreBackup,
  UserError,
} from 'dokku'
import { report, schedule, set } from './settings.ts'
import { proof, verify } from './verify.ts'

const from = option('TARGET', 'where it is; else where backup:set says', checkTarget)
const named = param({ summary: 'a backup, as backup:list shows it', label: 'NAME', parse: String })

const create = command({
  name: 'backup:create',
  summary: 'back up the instance, or one app',
  description:
    'One archive holds the database, repositories, images, volumes, plugins and what opens the secrets. Containers that write to a volume are paused while it is read, 30 s at most. At a target it is read back before it counts; - is standard output.',
  args: { app: optional(app()) },
  flags: {
    to: option('TARGET', 'local, s3://BUCKET/PREFIX, ssh://USER@HOST/PATH, or - for standard output', (word) =>
      word === '-' ? word : checkTarget(word),
    ),
    without: repeated(option('PART', `leave something out: ${leavable.join(', ')}`, checkPart, { complete: () => leavable })),
    'plain-key': boolean('let everybody read the secrets who has the backup'),
  },
  examples: ['backup:create', 'backup:create node-js-app', 'backup:create --to s3://backups/dokku', 'backup:create --plain-key --to -'],
  right: 'admin',

  async run({ args, flags, context }) {
    const info = await createBackup(context, { app: args.app, to: flags.to, without: flags.without, plainKey: flags['plain-key'] })
    if (flags.to !== '-') context.output.result(`${info.name}: ${formatSize(info.bytes)}`)
  },
})

const list = command({
  name: 'backup:list',
  aliases: ['backup'],
  summary: 'list the backups there are',
  args: { app: optional(appName('only those of one app')) },
  flags: { from, format },
  examples: ['backup:list', 'backup:list node-js-app', 'backup:list --from s3://backups/dokku --format json'],
  right: 'admin',
  reads: () => true,

  async run({ args, flags, context: { instance, output, quiet } }) {
    const target = backupTarget(instance, flags.from)
    const found = (await listBackups(target)).filter((one) => args.app === undefined || one.app === args.app)
    if (flags.format === 'json') return output.line(JSON.stringify(found))
    if (!quiet) output.result(found.length === 0 ? `No backups at ${target.url}` : `Backups at ${target.url}`)
    const width = Math.max(0, ...found.map(({ name }) => name.length))
    for (const one of found) output.line(`${one.name.padEnd(width)}  ${formatSize(one.bytes).padStart(8)}  ${proofOf(one)}`)
  },
})

const info = command({
  name: 'backup:info',
  summary: 'show what is in a backup, and whether it was proved',
  args: { name: named },
  flags: { from, format },
  examples: ['backup:info instance-20260101T030000Z', 'backup:info instance-20260101T030000Z --format json'],
  right: 'admin',
  reads: () => true,

  async run({ args, flags, context: { instance, output } }) {
    const one = await findBackup(backupTarget(instance, flags.from), args.name)
    if (flags.format === 'json') return output.line(JSON.stringify(one))
    const lines: [string, string][] = [
      ['of', one.app ?? 'the instance'],
      ['apps', one.apps.join(' ') || 'none'],
      ['made', `${one.createdAt} by dokku ${one.version}`],
      ['size', `${formatSize(one.bytes)}, SHA-256 ${one.sha256}`],
      ['encrypted', String(one.encrypted)],
      ['key', { wrapped: 'locked', plain: 'for everybody who has the backup', none: 'not in it' }[one.key]],
      ['proof', proofOf(one)],
    ]
    output.result(`${one.name} backup information`)
    for (const [label, value] of lines) output.detail(`${`Backup ${label}:`.padEnd(20)}${value}`)
    for (const [part, { bytes }] of Object.entries(one.parts)) output.detail(`${'Backup part:'.padEnd(20)}${part}  ${formatSize(bytes)}`)
    for (const line of [...one.missing, ...(one.verified?.problems ?? [])]) output.warn(line)
  },
})

const restore = command({
  name: 'backup:restore',
  summary: 'make a new app of one in a backup, or all of an empty instance',
  description:
    'An app whose name is taken gets another by --as; nothing that is there is changed. A whole instance is restored where there is no app yet: scripts/quickstart --restore FILE makes one of a backup. - is standard input.',
  args: {
    name: param({ summary: 'a backup, as backup:list shows it, or -', label: 'NAME', parse: String }),
    app: optional(appName('one app of it')),
  },
  flags: {
    from,
    as: option('NAME', 'what the app is to be called', String),
    unlock: boolean('the first line of standard input is the passphrase or age identity that opens it'),
  },
  examples: [
    'backup:restore instance-20260101T030000Z --app node-js-app --as node-js-app-old',
    'backup:restore node-js-app-20260101T030000Z',
    'backup:restore -',
  ],
  right: 'admin',

  async run({ args, flags, context }) {
    await restoreBackup(context, { ...args, ...flags })
  },
})

const remove = command({
  name: 'backup:delete',
  summary: 'remove a backup',
  args: { name: named },
  flags: { from },
  examples: ['backup:delete instance-20260101T030000Z'],
  right: 'admin',

  async run({ args, flags, context }) {
    const target = backupTarget(context.instance, flags.from)
    const one = await findBackup(target, args.name)
    await removeBackup(target, one)
    context.output.step(`${one.name} is removed from ${target.url}`)
  },
})

function proofOf({ verified }: BackupInfo): string {
  if (verified === undefined) return 'not proved'
  return verified.problems.length === 0 ? `proved ${verified.at}` : `failed its proof ${verified.at}`
}

function checkPart(word: string): (typeof leavable)[number] {
  const found = leavable.find((one) => one === word)
  if (found !== undefined) return found
  throw new UserError('bad-backup-setting', `${JSON.stringify(word.slice(0, 40))} cannot be left out`, {
    hint: `${leavable.join(', ')} can`,
  })
}

export default group('backup', 'Backups, proved by restoring them', [
  create,
  list,
  info,
  verify,
  proof,
  restore,
  remove,
  schedule,
  set,
  report,
])
