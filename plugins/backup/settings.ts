import {
  backupReport,
  checkRecipients,
  checkTarget,
  command,
  format,
  option,
  optional,
  param,
  parseBackupSchedule,
  parseCount,
  setGlobalCommand,
  storeSchedule,
  UserError,
  volumeWays,
} from 'dokku'

const anything = () => undefined

const settings = {
  target: { summary: 'where backups go: local, s3://BUCKET/PREFIX, ssh://USER@HOST/PATH (local)', check: checkTarget, admin: true },
  recipients: { summary: 'age recipients that may open backups, with spaces between', check: checkRecipients, admin: true },
  passphrase: { summary: 'what opens backups, where there are no recipients', check: checkPassphrase, secret: true, admin: true },
  encrypt: {
    summary: 'encrypt the whole backup and not only the key of its secrets: true or false (true)',
    values: ['true', 'false'],
    check: isBoolean,
    admin: true,
  },
  keep: { summary: 'how many of the backups that a schedule makes stay (7)', check: parseCount, admin: true },
  volumes: {
    summary: `what the containers of an app do while a volume of it is read: ${volumeWays.join(', ')} (pause)`,
    values: volumeWays,
    check: isWay,
  },
  's3-endpoint': { summary: 'the URL of what speaks like S3', check: isUrl, admin: true },
  's3-region': { summary: 'its region (us-east-1)', check: anything, admin: true },
  's3-access-key': { summary: 'the id of a key for it', check: anything, admin: true },
  's3-secret-key': { summary: 'that key', check: anything, secret: true, admin: true },
}

const spec = setGlobalCommand('backup', settings, [
  'backup:set --global target s3://backups/dokku',
  'backup:set --global recipients age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
  'backup:set node-js-app volumes live',
])

export const set = command({
  ...spec,
  async run(input: Parameters<typeof spec.run>[0]) {
    if (input.args.app !== undefined && input.args.setting[0] !== 'volumes')
      throw new UserError('bad-backup-setting', `${input.args.setting[0]} is set for all backups`, {
        hint: `backup:set --global ${input.args.setting[0]}`,
      })
    await spec.run(input)
  },
})

export const schedule = command({
  name: 'backup:schedule',
  summary: 'have backups of the instance made and proved by themselves',
  description: 'Times are hourly, daily, weekly or five fields of cron; off ends it. --verify has the newest one proved.',
  args: {
    at: optional(
      param({ summary: 'when', label: 'WHEN', parse: parseBackupSchedule, complete: () => ['hourly', 'daily', 'weekly', 'off'] }),
    ),
  },
  flags: {
    verify: option('WHEN', 'when the newest backup is proved', parseBackupSchedule, { complete: () => ['daily', 'weekly', 'off'] }),
  },
  examples: ['backup:schedule daily', 'backup:schedule "30 3 * * *" --verify weekly', 'backup:schedule off --verify off'],
  right: 'admin',

  async run({ args, flags, context: { instance, output } }) {
    if (args.at === undefined && flags.verify === undefined)
      throw new UserError('bad-schedule', 'nothing was said about when', {
        hint: 'backup:schedule daily --verify weekly; backup:report shows it',
      })
    storeSchedule(instance, { make: args.at, verify: flags.verify })
    const { schedule, 'verify-schedule': verify } = await backupReport(instance)
    output.step(`Backups are made: ${schedule}; proved: ${verify}`)
  },
})

export const report = command({
  name: 'backup:report',
  summary: 'show how backups are made, and how the last ones went',
  flags: { format },
  examples: ['backup:report', 'backup:report --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context: { instance, output } }) {
    const fields = await backupReport(instance)
    if (flags.format === 'json') return output.line(JSON.stringify(fields))
    output.result('Backup information')
    for (const [field, value] of Object.entries(fields)) output.detail(`${`Backup ${field.replaceAll('-', ' ')}:`.padEnd(31)}${value}`)
  },
})

function checkPassphrase(text: string): void {
  if (text.length < 12)
    throw new UserError('bad-backup-setting', 'a passphrase has 12 characters at least', { hint: 'openssl rand -base64 24 makes one' })
}

function isBoolean(text: string): void {
  if (text !== 'true' && text !== 'false') throw new UserError('bad-backup-setting', 'true or false is expected')
}

function isWay(text: string): void {
  if (!volumeWays.some((one) => one === text)) throw new UserError('bad-backup-setting', `${volumeWays.join(', ')} are expected`)
}

function isUrl(text: string): void {
  const { protocol = '' } = URL.parse(text) ?? {}
  if (protocol !== 'https:' && protocol !== 'http:') throw new UserError('bad-target', 'a URL is expected, such as https://s3.example.com')
}
