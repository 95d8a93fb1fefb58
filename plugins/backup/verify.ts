import { backupTarget, boolean, checkTarget, command, findBackup, firstLine, option, param, proveBackup, proveSelf } from 'dokku'

export const verify = command({
  name: 'backup:verify',
  summary: 'prove a backup by restoring it where nobody reaches it',
  description:
    'An instance of its own is made of it on this engine: its apps start and pass their checks, rows are counted, files of volumes compared; then all of it goes again. Apps reach nothing outside meanwhile. The exit status is 1 where something is not as it was.',
  args: { name: param({ summary: 'a backup, as backup:list shows it', label: 'NAME', parse: String }) },
  flags: {
    from: option('TARGET', 'where it is; else where backup:set says', checkTarget),
    unlock: boolean('the first line of standard input is the passphrase or age identity that opens it'),
  },
  examples: ['backup:verify instance-20260101T030000Z'],
  right: 'admin',

  async run({ args, flags, context: { instance, output, session, identity } }) {
    const target = backupTarget(instance, flags.from)
    const info = await findBackup(target, args.name)
    const key = flags.unlock ? (await firstLine(session.stdin)).line : undefined
    const { verified } = await proveBackup(instance, { target, info, key }, { user: identity.name, output, signal: session.closed })
    for (const problem of verified?.problems ?? []) output.warn(problem)
    if ((verified?.problems.length ?? 0) > 0) return 1
    output.result(`${info.name} is proved: all of it is there, and its apps start`)
    return 0
  },
})

/** What an instance that was made for a proof says of itself. */
export const proof = command({
  name: 'backup:proof',
  summary: 'say what is not as a backup was, in an instance made of it',
  examples: ['backup:proof'],
  hidden: true,
  right: 'admin',
  reads: () => true,

  async run({ context: { instance, output } }) {
    output.line(JSON.stringify(await proveSelf(instance)))
  },
})
