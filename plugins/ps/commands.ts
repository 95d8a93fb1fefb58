import {
  type App,
  app,
  applyRestartPolicy,
  boolean,
  type Context,
  changing,
  checkProcesses,
  checkProcessName,
  checkTreePath,
  command,
  containersOf,
  crashText,
  currentRelease,
  deploying,
  format,
  group,
  ofApp,
  optional,
  parseRestartPolicy,
  processesOf,
  propertyFields,
  releaseChange,
  reportCommand,
  rest,
  restartPolicyOf,
  setCommand,
  stopGrace,
  UserError,
} from 'dokku'
import { inspect } from './inspect.ts'
import { lifecycle } from './lifecycle.ts'

const scale = command({
  name: 'ps:scale',
  summary: 'show or set how many containers of each process type run',
  args: {
    app: app(),
    quantities: optional(rest('PROCESS=COUNT', parseQuantity, { complete: ofApp((one) => processesOf(one).map((name) => `${name}=`)) })),
  },
  flags: {
    'skip-deploy': boolean('store the counts, leave the app running as it is'),
    format,
  },
  examples: ['ps:scale node-js-app', 'ps:scale node-js-app web=2 worker=1'],
  right: 'deploy',
  reads: ({ args }) => args.quantities.length === 0,

  async run({ args, flags, context }) {
    const formation = Object.fromEntries(args.quantities)
    if (args.quantities.length === 0) return showScale(args.app, flags.format, context)
    const turn = flags['skip-deploy'] ? changing : deploying
    await turn(args.app, context, async () => {
      checkProcesses(args.app, Object.keys(formation))
      assertScaledHere(args.app, Object.keys(formation))
      for (const [process, quantity] of args.quantities) context.output.step(`Scaling ${args.app.name} ${process} to ${quantity}`)
      if (flags['skip-deploy']) return args.app.formation.set(formation)
      const said = args.quantities.map(([process, quantity]) => `${process}=${quantity}`).join(' ')
      await releaseChange(args.app, `Scale ${said}`, { formation }, { user: context.identity.name, output: context.output })
    })
  },
})

/** What app.json says of a process type goes before what was typed: UserError `formation-in-app-json`. */
function assertScaledHere(one: App, processes: readonly string[]): void {
  const formation = currentRelease(one)?.manifest.formation ?? {}
  const fixed = processes.find((process) => formation[process]?.quantity !== undefined)
  if (fixed === undefined) return
  throw new UserError('formation-in-app-json', `the app.json of ${one.name} says how many of ${fixed} run: ${formation[fixed]?.quantity}`, {
    hint: 'change "formation" there and push, or take the process type out of it',
  })
}

function showScale(one: App, format: 'text' | 'json' | undefined, context: Context): void {
  const formation = { ...(currentRelease(one)?.formation ?? {}), ...one.formation.all() }
  if (format === 'json') {
    context.output.line(JSON.stringify(formation))
    return
  }
  if (!context.quiet) {
    context.output.step(`Scaling for ${one.name}`)
    context.output.line('proctype: qty')
    context.output.line('--------: ---')
  }
  for (const [process, quantity] of Object.entries(formation)) context.output.line(`${process}: ${quantity}`)
}

const report = command(
  reportCommand('ps', {
    deployed: (one) => String(currentRelease(one) !== undefined),
    processes: async (one) => String((await containersOf(one)).filter(({ stage }) => stage !== 'retiring').length),
    running: async (one) => {
      const containers = (await containersOf(one)).filter(({ stage }) => stage !== 'retiring')
      const running = containers.filter(({ state }) => state === 'running').length
      return running === 0 ? 'false' : running === containers.length ? 'true' : 'mixed'
    },
    ...propertyFields('ps', 'procfile-path', 'Procfile'),
    ...propertyFields('ps', 'start-cmd'),
    'ps-restart-policy': (one) => restartPolicyOf(one),
    'ps-stop-timeout-seconds': (one) => one.properties.get('ps stop-timeout-seconds') ?? String(stopGrace),
    'ps-stopped': (one) => String(one.state.stopped),
    'ps-restore': (one) => one.properties.get('ps restore') ?? 'true',
    'ps-crashing': (one) =>
      one.instance.crashes
        .of(one)
        .map((crash) => crashText(crash))
        .join(', '),
    status: async (one) =>
      (await containersOf(one))
        .filter(({ stage }) => stage !== 'retiring')
        .map((c) => `${c.process}.${c.index} ${c.state} (CID: ${c.id.slice(0, 12)})`)
        .sort()
        .join(', '),
  }),
)

const set = command(
  setCommand(
    'ps',
    {
      'procfile-path': { summary: 'where the Procfile is in the tree; empty is Procfile', check: checkTreePath },
      'start-cmd': { summary: 'what web runs from the next push on, where no Procfile says it', check: String },
      'restart-policy': {
        summary: 'on-failure:10 (the default), on-failure, always, unless-stopped, or no, which also leaves what somebody ended or removed',
        check: parseRestartPolicy,
        values: ['always', 'no', 'on-failure', 'unless-stopped'],
        apply: async (one) => {
          for (const container of await containersOf(one)) if (container.stage === 'serving') await applyRestartPolicy(one, container)
        },
      },
      'stop-timeout-seconds': {
        summary: `how long a process has to end after SIGTERM (${stopGrace}); it is killed then`,
        check: parseSeconds,
      },
      restore: {
        summary: 'false: what ended stays so, until ps:start or the next deploy, also after a restart of the machine (true)',
        check: parseRestore,
        values: ['true', 'false'],
      },
    },
    ['ps:set node-js-app restart-policy always', 'ps:set node-js-app stop-timeout-seconds 60'],
  ),
)

function parseSeconds(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new UserError('bad-seconds', `${JSON.stringify(text.slice(0, 20))} is not a number of seconds`, { hint: 'at most 9999' })
}

function parseRestore(text: string): void {
  if (text !== 'true' && text !== 'false')
    throw new UserError('bad-restore', `${JSON.stringify(text.slice(0, 20))} is neither true nor false`, {
      hint: 'ps:set APP restore false',
    })
}

function parseQuantity(word: string): [process: string, quantity: number] {
  const [, process, count] = /^([^=]+)=(\d{1,3})$/.exec(word) ?? []
  if (process === undefined || count === undefined || Number(count) > 100)
    throw new UserError('bad-quantity', `${JSON.stringify(word.slice(0, 60))} is not PROCESS=COUNT`, {
      hint: 'ps:scale APP web=2 worker=1; a count is 0 to 100',
    })
  return [checkProcessName(process), Number(count)]
}

export default group('ps', 'Manage the processes of an app', [scale, ...lifecycle, inspect, report, set])
