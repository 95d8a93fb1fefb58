import {
  app,
  changing,
  command,
  findTask,
  propertyFields,
  reportCommand,
  scheduleProblem,
  setGlobalCommand,
  suspendTask,
  tasksOf,
  UserError,
} from 'dokku'
import { task } from './run.ts'

/** The command `cron:set`. */
export const set = command(
  setGlobalCommand(
    'cron',
    {
      timezone: { summary: 'in which the schedules of tasks are read, such as Europe/Berlin; empty is that of control', check: checkZone },
      'missed-runs': {
        summary: 'once: what was due while control was away runs once when it is back; skip, the usual: it does not',
        values: ['skip', 'once'],
        check: checkMissed,
      },
      mailto: { summary: 'not here: nothing is mailed', check: refuseMail },
    },
    ['cron:set node-js-app timezone Europe/Berlin', 'cron:set node-js-app missed-runs once', 'cron:set --global timezone UTC'],
  ),
)

/** The command `cron:report`. */
export const report = command(
  reportCommand('cron', {
    'cron-task-count': (one) => String(tasksOf(one).length),
    'cron-suspended': (one) =>
      tasksOf(one)
        .filter(({ suspended }) => suspended)
        .map(({ id }) => id)
        .join(' '),
    ...propertyFields('cron', 'timezone'),
    ...propertyFields('cron', 'missed-runs', 'skip'),
  }),
)

/** The command `cron:suspend`. */
export const suspend = command({
  name: 'cron:suspend',
  summary: 'have a task wait until it is resumed, deploys or not',
  args: { app: app(), id: task },
  examples: ['cron:suspend node-js-app 0123456789'],
  right: 'deploy',

  async run({ args, context }) {
    await changing(args.app, context, async () => suspendTask(args.app, findTask(args.app, args.id), true))
    context.output.step(`Task ${args.id} of ${args.app.name} is suspended`)
  },
})

/** The command `cron:resume`. */
export const resume = command({
  name: 'cron:resume',
  summary: 'have a suspended task run at its times again',
  args: { app: app(), id: task },
  examples: ['cron:resume node-js-app 0123456789'],
  right: 'deploy',

  async run({ args, context }) {
    await changing(args.app, context, async () => suspendTask(args.app, findTask(args.app, args.id), false))
    context.output.step(`Task ${args.id} of ${args.app.name} runs at its times again`)
  },
})

function checkZone(zone: string): void {
  if (scheduleProblem('@daily', zone) === undefined && /^[A-Za-z0-9_+/-]{1,60}$/.test(zone)) return
  throw new UserError('bad-time-zone', `${JSON.stringify(zone.slice(0, 60))} is no time zone`, { hint: 'such as Europe/Berlin or UTC' })
}

function checkMissed(value: string): void {
  if (value !== 'skip' && value !== 'once') throw new UserError('bad-choice', 'missed-runs is skip or once')
}

function refuseMail(): never {
  throw new UserError('no-mail', 'nothing is mailed here', {
    hint: 'cron:list shows how the last run of each task ended, cron:logs what it printed; a task that fails is in events',
  })
}
