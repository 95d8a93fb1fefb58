import { command, firstWords, format, group, word } from 'dokku'

const list = command({
  name: 'cron:list',
  summary: 'show what plugins and cron files run by themselves, and when',
  description: 'Of a command, its first two words: more of it may be secret.',
  flags: { format },
  examples: ['cron:list', 'cron:list --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context }) {
    const { output, quiet, instance } = context
    const { jobs, problems } = instance.cron.list()
    const rows = jobs.map(({ id, schedule, command, origin, user, zone, logFile, next }) => ({
      id,
      schedule,
      command: firstWords(command),
      origin,
      user,
      zone,
      log_file: logFile,
      next: next?.toISOString(),
    }))
    if (flags.format === 'json') return output.line(JSON.stringify({ entries: rows, problems }))
    if (!quiet) output.line(row(['ID', 'SCHEDULE', 'NEXT', 'FROM', 'COMMAND']))
    for (const one of rows)
      output.line(row([one.id, one.schedule, one.next?.slice(0, 16).replace('T', ' ') ?? 'never', one.origin, one.command]))
    for (const problem of problems) output.warn(problem)
  },
})

const reload = command({
  name: 'cron:reload',
  summary: 'ask plugins for their lines again, and read the cron files again',
  description: 'Plugins do this themselves by `plugn trigger cron-write`; a change of a file is seen anyway.',
  examples: ['cron:reload'],
  right: 'admin',

  async run({ context }) {
    await context.instance.cron.reload()
    context.output.step('Cron entries read')
  },
})

const run = command({
  name: 'cron:run',
  summary: 'run a line of cron:list now',
  description: 'It runs as at its time: what it prints goes to its log file, or to the log of control. The exit status is its own.',
  args: { id: word('its id, as cron:list shows it', 'id') },
  examples: ['cron:run 0123456789'],
  right: 'admin',

  async run({ args, context }) {
    context.output.step(`Running ${args.id}`)
    return await context.instance.cron.start(args.id)
  },
})

function row([id = '', schedule = '', next = '', from = '', words = '']: readonly string[]): string {
  return `${id.padEnd(12)}${schedule.padEnd(20)} ${next.padEnd(18)}${from.padEnd(30)} ${words}`
}

export default group('cron', 'Show what runs by itself', [list, reload, run])
