import {
  type App,
  app,
  authorize,
  boolean,
  type Context,
  command,
  firstWords,
  format,
  nextOf,
  optional,
  runsOf,
  tasksOf,
  unless,
} from 'dokku'

/** The command `cron:list`. */
export const list = command({
  name: 'cron:list',
  summary: 'show the tasks of an app, when they run next and how the last run ended; or what plugins run',
  description:
    'Without an app, or with --global: what plugins and cron files run. Of those commands, the first two words: more of it may be secret.',
  args: { app: unless('global', optional(app())) },
  flags: { format, global: boolean('what plugins and cron files run by themselves') },
  examples: ['cron:list node-js-app', 'cron:list node-js-app --format json', 'cron:list --global'],
  right: 'view',
  eachApp: true,
  reads: () => true,

  async run({ args, flags, context }) {
    if (args.app === undefined) listGlobal(flags.format, context)
    else await listApp(args.app, flags.format, context)
  },
})

async function listApp(one: App, as: 'text' | 'json' | undefined, { output, quiet }: Context): Promise<void> {
  const rows = await Promise.all(
    tasksOf(one).map(async (task) => {
      const [last] = await runsOf(one, task)
      return {
        id: task.id,
        app: one.name,
        command: task.command,
        schedule: task.schedule,
        timezone: task.zone ?? null,
        concurrency_policy: task.concurrency_policy,
        maintenance: task.maintenance,
        suspended: task.suspended,
        next: nextOf(task)?.toISOString() ?? null,
        last_run:
          last === undefined
            ? null
            : {
                started_at: last.startedAt,
                ended_at: last.endedAt ?? null,
                outcome: last.outcome,
                exit_code: last.exitCode ?? null,
                why: last.why,
              },
      }
    }),
  )
  if (as === 'json') {
    output.line(JSON.stringify(rows))
    return
  }
  if (!quiet) output.line(row(['ID', 'SCHEDULE', 'NEXT', 'LAST', 'COMMAND']))
  for (const { id, schedule, next, last_run: last, command, maintenance, suspended } of rows) {
    const rest = suspended ? 'suspended' : maintenance ? 'maintenance' : 'never'
    const ended =
      last === null ? 'never' : `${short(last.started_at)} ${last.outcome}${last.outcome === 'failed' ? ` (${last.exit_code})` : ''}`
    output.line(row([id, schedule, next === null ? rest : short(next), ended, command]))
  }
}

function listGlobal(as: 'text' | 'json' | undefined, { identity, instance, output, quiet }: Context): void {
  authorize(identity, 'admin', 'list what plugins run')
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
  if (as === 'json') {
    output.line(JSON.stringify({ entries: rows, problems }))
    return
  }
  if (!quiet) output.line(row(['ID', 'SCHEDULE', 'NEXT', 'FROM', 'COMMAND']))
  for (const one of rows)
    output.line(row([one.id, one.schedule, one.next === undefined ? 'never' : short(one.next), one.origin, one.command]))
  for (const problem of problems) output.warn(problem)
}

function short(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}

function row([id = '', schedule = '', next = '', from = '', words = '']: readonly string[]): string {
  return `${id.padEnd(12)}${schedule.padEnd(20)} ${next.padEnd(18)}${from.padEnd(30)} ${words}`
}
