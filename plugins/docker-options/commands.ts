import {
  type App,
  app,
  boolean,
  type Context,
  changeOptions,
  checkProcessName,
  command,
  type DockerOption,
  dockerFlags,
  format,
  group,
  ofApp,
  option,
  optional,
  optionsBy,
  optionsFor,
  type Phase,
  param,
  phases,
  processesOf,
  readOptions,
  repeated,
  reportCommand,
  rest,
  UserError,
  withOptions,
  withoutValues,
} from 'dokku'

const some = param({ summary: 'build, deploy, run, with commas between', label: 'phases', parse: parsePhases, complete: () => phases })
const processes = option('PROCESS', 'only of this process type; may be given several times', checkProcessName, {
  complete: ofApp(processesOf),
})
const words = rest('OPTION', String, { secret: true })

const add = command({
  name: 'docker-options:add',
  summary: 'give the containers of an app an option of docker run',
  description:
    'A release of its own where containers of the app differ by it, unless --no-restart. What could open the host or another app is refused, and the error says what there is. ' +
    'Limits that every container has are not lifted, and variables of the app go before --env. ' +
    'With --link CONTAINER:ALIAS the app reaches that container as ALIAS, on a network that both have to themselves.' +
    `\nOf builds: ${flagsOf('build')}.\nOf containers: ${flagsOf('deploy')}.`,
  args: { app: app(), phases: some, option: words },
  flags: { process: repeated(processes), 'no-restart': boolean('leave it to the next release') },
  passthrough: true,
  examples: [
    'docker-options:add node-js-app build,deploy,run "--link dokku.postgres.main:db"',
    'docker-options:add --process worker node-js-app deploy --memory 256m',
  ],
  right: 'admin',

  async run({ args, flags, context }) {
    const added = read(args.phases, flags.process, args.option)
    await change(args.app, `Add ${shown(added)}`, flags['no-restart'], context, (before) => withOptions(before, added))
    context.output.step(`Adding ${text(added)} to ${args.phases.join(', ')}`)
  },
})

const remove = command({
  name: 'docker-options:remove',
  summary: 'take an option away from the containers of an app',
  description: 'A release of its own where containers of the app differ by it, unless --no-restart.',
  args: { app: app(), phases: some, option: words },
  flags: { process: repeated(processes), 'no-restart': boolean('leave it to the next release') },
  passthrough: true,
  examples: ['docker-options:remove node-js-app build,deploy,run "--link dokku.postgres.main:db"'],
  right: 'admin',

  async run({ args, flags, context }) {
    const removed = read(args.phases, flags.process, args.option)
    const same = (one: DockerOption) => (other: DockerOption) =>
      one.phase === other.phase && one.process === other.process && one.option === other.option
    await change(args.app, `Remove ${shown(removed)}`, flags['no-restart'], context, (before) =>
      before.filter((one) => !removed.some(same(one))),
    )
    context.output.step(`Removing ${text(removed)} from ${args.phases.join(', ')}`)
  },
})

const clear = command({
  name: 'docker-options:clear',
  summary: 'take all options away from the containers of an app, or those of some phases',
  description: 'A release of its own where containers of the app differ by it, unless --no-restart.',
  args: { app: app(), phases: optional(some) },
  flags: { process: repeated(processes), 'no-restart': boolean('leave it to the next release') },
  examples: ['docker-options:clear node-js-app', 'docker-options:clear node-js-app build,run'],
  right: 'admin',

  async run({ args, flags, context }) {
    const cleared = args.phases ?? phases
    const of = flags.process
    await change(args.app, `Clear options of ${cleared.join(', ')}`, flags['no-restart'], context, (before) =>
      before.filter(({ phase, process }) => !cleared.includes(phase) || (of.length > 0 && !of.includes(process))),
    )
    context.output.step(`Clearing the options of ${cleared.join(', ')}`)
  },
})

const list = command({
  name: 'docker-options:list',
  summary: 'list the options that the containers of an app get, a line each',
  args: { app: app() },
  flags: {
    phase: option('PHASE', 'only of build, deploy or run', parsePhase, { complete: () => phases }),
    process: processes,
    format,
  },
  examples: ['docker-options:list node-js-app --phase deploy', 'docker-options:list node-js-app --format json'],
  right: 'deploy',
  reads: () => true,

  async run({ args, flags, context }) {
    const found = optionsBy(args.app)
      .filter(({ phase }) => flags.phase === undefined || phase === flags.phase)
      .filter(({ process }) => flags.process === undefined || process === flags.process)
    if (flags.format === 'json') return context.output.line(JSON.stringify(found))
    for (const { phase, process, option } of found)
      context.output.line([flags.phase === undefined && phase, flags.process === undefined && process, option].filter(Boolean).join(' '))
  },
})

const report = command({
  ...reportCommand(
    'docker-options',
    Object.fromEntries(phases.map((phase) => [`docker-options-${phase}`, (one: App) => reported(one, phase)])),
  ),
  right: 'deploy',
  reads: () => true,
})

function flagsOf(phase: Phase): string {
  const names = Object.entries(dockerFlags).flatMap(([name, flag]) => (flag.phases.includes(phase) ? [`--${name}`] : []))
  return names.sort().join(' ')
}

/** As a release of its own. A plugin that changes options restarts the app itself, or asks for it. */
async function change(one: App, description: string, later: boolean, context: Context, changed: Changed): Promise<void> {
  const noRestart = later || context.session.header.nested !== undefined
  await changeOptions(one, { description, change: changed, noRestart }, context)
}

type Changed = (before: readonly DockerOption[]) => readonly DockerOption[]

/** The options that were typed: as one word or several, with the process types before them or among the flags. */
function read(of: readonly Phase[], among: readonly string[], typed: readonly string[]): DockerOption[] {
  const [first = '', second = '', ...others] = typed
  if (first === '--process') return read(of, [...among, checkProcessName(second)], others)
  if (typed.length === 0) throw new UserError('missing-argument', 'no option is given', { hint: '--link dokku.postgres.main:db' })
  const line = typed.length === 1 ? first : typed
  return of.flatMap((phase) => (among.length === 0 ? [''] : among).flatMap((process) => readOptions(line, phase, process)))
}

/** For the description of a release: names only, where a value may be a secret. */
function shown(options: readonly DockerOption[]): string {
  return [...new Set(options.map(withoutValues))].join(', ')
}

function text(options: readonly DockerOption[]): string {
  return [...new Set(options.map(({ option }) => option))].join(' ')
}

/** Those for all process types as one line; those for one are behind its name. */
function reported(one: App, phase: Phase): string {
  const own = optionsBy(one).filter((each) => each.phase === phase && each.process !== '')
  return [...optionsFor(optionsBy(one), phase), ...own.map(({ process, option }) => `${process}: ${option}`)].join(' ')
}

function parsePhases(given: string): Phase[] {
  return given.split(',').map(parsePhase)
}

function parsePhase(given: string): Phase {
  const phase = phases.find((one) => one === given)
  if (phase !== undefined) return phase
  throw new UserError('bad-phase', `${JSON.stringify(given.slice(0, 40))} is not a phase`, {
    hint: 'build, deploy, run, with commas between',
  })
}

export default group('docker-options', 'Give the containers of an app options of docker run', [add, remove, clear, list, report])
