import {
  type AuditEntry,
  app,
  command,
  format,
  group,
  lastAudit,
  listUsers,
  option,
  optional,
  parseCount,
  UserError,
  verifyAudit,
} from 'dokku'

const list = command({
  name: 'audit:list',
  summary: 'list who ran which command, by which key or token, and how it ended',
  args: { app: optional(app()) },
  flags: {
    user: option('USER', 'only what this user did', String, { complete: (_prefix, { instance }) => listUsers(instance.db) }),
    num: option('COUNT', 'how many of the last entries (100)', parseCount, { short: 'n' }),
    format,
  },
  examples: ['audit:list', 'audit:list --app node-js-app --num 20', 'audit:list --user alice --format json'],
  right: 'manage',
  reads: () => true,

  async run({ args, flags, context }) {
    const entries = lastAudit(context.instance.db, { app: args.app?.name, by: flags.user, count: flags.num ?? 100 })
    if (flags.format === 'json') return context.output.line(JSON.stringify(entries))
    for (const entry of entries) context.output.line(line(entry))
  },
})

function line({ id, at, by, credential, door, app: name, text, status, error, release }: AuditEntry): string {
  const ended = [status === 0 ? 'ok' : `status ${status}`, error, release === null ? undefined : `v${release}`].filter(Boolean).join(' ')
  return `${id}  ${at.slice(0, 19).replace('T', ' ')}  ${by} (${credential}, ${door})  ${name ?? '-'}  ${text}  ${ended}`
}

const verify = command({
  name: 'audit:verify',
  summary: 'check that no entry of the audit trail was changed or taken out',
  description:
    'Each entry has a hash that covers the one before it. Keep the hash that is printed somewhere else: whoever can write the database could make a whole new trail, but not one with that hash.',
  flags: { format },
  examples: ['audit:verify', 'audit:verify --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context }) {
    const state = verifyAudit(context.instance.db)
    if (flags.format === 'json') context.output.line(JSON.stringify(state))
    if ('brokenAt' in state)
      throw new UserError('audit-broken', `The audit trail is broken at entry ${state.brokenAt}: ${state.why}`, {
        hint: 'a copy of the database from before may tell what it said: they lie beside it',
      })
    if (flags.format === 'json') return
    const older = state.dropped === 0 ? '' : `, after ${state.dropped} older ones that were dropped`
    context.output.step(`${state.entries} entries are whole${older}`)
    context.output.detail(state.head)
  },
})

export default group('audit', 'Show and check what everybody did', [list, verify])
