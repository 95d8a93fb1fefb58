import {
  app,
  authorize,
  boolean,
  command,
  findTask,
  ofApp,
  printOutput,
  runsOf,
  startTask,
  type TaskRun,
  tasksOf,
  UserError,
  unless,
  word,
} from 'dokku'

/** An argument that names a task of the app before it. */
export const task = { ...word('its id, as cron:list shows it', 'id'), complete: ofApp((one) => tasksOf(one).map(({ id }) => id)) }

/** The command `cron:run`. */
export const run = command({
  name: 'cron:run',
  summary: 'run a task of an app now, or with --global a line of a plugin',
  description:
    'In a container of its own, as at its time. What it prints is shown as it comes, and its exit status is yours; --detach leaves it. A line of a plugin prints to its log file, or to the log of control.',
  args: { app: unless('global', app()), id: task },
  flags: { global: boolean('a line of cron:list --global'), detach: boolean('do not wait for its end') },
  examples: ['cron:run node-js-app 0123456789', 'cron:run node-js-app 0123456789 --detach', 'cron:run --global 0123456789'],
  right: 'deploy',
  eachApp: true,

  async run({ args, flags, context }) {
    const { output, instance } = context
    if (args.app === undefined) {
      authorize(context.identity, 'admin', 'run lines of plugins')
      output.step(`Running ${args.id}`)
      return await instance.cron.start(args.id)
    }
    const { run: started, ended } = await startTask(args.app, findTask(args.app, args.id), 'hand')
    if (flags.detach) {
      output.step(`Task ${args.id} of ${args.app.name} is started: cron:logs ${args.app.name} ${args.id} shows what it prints`)
      return 0
    }
    const heard = await printOutput(args.app, started.container ?? '', context)
    const end = await ended
    // The container may be gone before its last lines were heard.
    for (const line of (end.output ?? '').split('\n').slice(heard)) if (line !== '') output.line(line)
    if (end.exitCode !== undefined) return end.exitCode
    throw new UserError('cron-ended', `nobody knows how the task ended: ${end.outcome}`, { hint: `cron:logs ${args.app.name} ${args.id}` })
  },
})

/** The command `cron:logs`. */
export const logs = command({
  name: 'cron:logs',
  summary: 'show the last runs of a task, and what the last that ended printed',
  args: { app: app(), id: task },
  flags: { all: boolean('what each of the runs printed') },
  examples: ['cron:logs node-js-app 0123456789', 'cron:logs node-js-app 0123456789 --all'],
  right: 'view',
  reads: () => true,

  async run({ args, flags, context }) {
    const found = findTask(args.app, args.id)
    const runs = await runsOf(args.app, found)
    if (runs.length === 0) return context.output.step(`${found.command} has not run yet`)
    const last = runs.find(({ output }) => output !== undefined)
    for (const one of runs.toReversed()) {
      context.output.result(described(one))
      if ((flags.all || one === last) && one.output) context.output.line(one.output)
    }
  },
})

function described({ startedAt, endedAt, outcome, exitCode, why, release }: TaskRun): string {
  const status = exitCode === undefined ? '' : ` (exit status ${exitCode})`
  return `${startedAt} ${why} v${release}: ${outcome}${status}${endedAt === undefined ? '' : `, ended ${endedAt}`}`
}
