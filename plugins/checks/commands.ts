import {
  type App,
  app,
  type ChecksList,
  changing,
  checkChecksNumber,
  checkProcesses,
  checkProcessName,
  checksList,
  checksNumbers,
  command,
  containersOf,
  currentRelease,
  everyProcess,
  group,
  messageOf,
  notDeployed,
  ofApp,
  optional,
  param,
  processesOf,
  propertyFields,
  reportCommand,
  setGlobalCommand,
  storeChecksList,
  UserError,
  untilReady,
} from 'dokku'

const processes = optional(
  param({
    summary: 'process types, with commas between; all of them where none is named',
    label: 'processes',
    parse: (text: string) => text.split(',').map((one) => (one === everyProcess ? one : checkProcessName(one))),
    complete: ofApp(processesOf),
  }),
)

const set = command(
  setGlobalCommand(
    'checks',
    Object.fromEntries(
      Object.entries(checksNumbers).map(([key, { summary, usual }]) => [
        key,
        { summary: `${summary} (${usual})`, check: checkChecksNumber },
      ]),
    ),
    ['checks:set node-js-app timeout 30', 'checks:set --global wait-to-retire 60'],
  ),
)

const lists = (['disable', 'skip', 'enable'] as const).map((verb) =>
  command({
    name: `checks:${verb}`,
    summary: {
      disable: 'end the old container before the new one starts, for what must not run twice',
      skip: 'let a new container serve as soon as it runs',
      enable: 'prove that a new container is ready before it serves, again',
    }[verb],
    args: { app: app(), processes },
    examples: [`checks:${verb} node-js-app`, `checks:${verb} node-js-app worker`],
    right: 'deploy',

    async run({ args, context }) {
      const named = args.processes ?? [everyProcess]
      await changing(args.app, context, async () => {
        checkProcesses(
          args.app,
          named.filter((one) => one !== everyProcess),
        )
        put(args.app, 'disabled', named, verb === 'disable')
        put(args.app, 'skipped', named, verb === 'skip')
      })
      const done = { disable: 'Disabled', skip: 'Skipping', enable: 'Enabled' }[verb]
      context.output.step(`${done} checks of ${args.app.name} for ${named.includes(everyProcess) ? 'all processes' : named.join(', ')}`)
    },
  }),
)

/** Puts process types on a list, or takes them off: off a list of all, the others stay. */
function put(one: App, list: ChecksList, named: readonly string[], on: boolean): void {
  const before = checksList(one, list)
  const known = before.includes(everyProcess) ? processesOf(one) : before
  const others = named.includes(everyProcess) ? [] : known.filter((process) => !named.includes(process))
  storeChecksList(one, list, on ? [...before, ...named] : others)
}

const run = command({
  name: 'checks:run',
  summary: 'check what runs now, as if it had just started',
  args: { app: app(), processes },
  examples: ['checks:run node-js-app', 'checks:run node-js-app web'],
  right: 'deploy',
  reads: () => true,

  async run({ args, context: { output } }) {
    const release = currentRelease(args.app)
    if (release === undefined) throw notDeployed(args.app)
    const named = args.processes ?? [everyProcess]
    const all = (await containersOf(args.app)).filter(
      ({ stage, process }) => stage === 'serving' && (named.includes(everyProcess) || named.includes(process)),
    )
    const failed: string[] = []
    const check = async (one: (typeof all)[number]) => {
      const name = `${one.process}.${one.index}`
      try {
        await untilReady(args.app, one, release.manifest)
        output.step(`${name} is ready`)
      } catch (error) {
        failed.push(name)
        output.warn(`${name}: ${messageOf(error)}`)
      }
    }
    await Promise.all(all.map(check))
    if (failed.length > 0) throw new UserError('not-passing', `${failed.sort().join(', ')} did not pass`, { hint: `logs ${args.app.name}` })
  },
})

const listed = (list: ChecksList) => (one: App) => checksList(one, list).join(',') || 'none'
const numbers = Object.entries(checksNumbers).map(([key, { usual }]) => propertyFields('checks', key, String(usual)))

const report = command(
  reportCommand('checks', {
    'checks-disabled-list': listed('disabled'),
    'checks-skipped-list': listed('skipped'),
    ...Object.assign({}, ...numbers),
  }),
)

export default group('checks', 'Say how new containers prove that they may serve', [set, ...lists, run, report])
