import {
  type App,
  app,
  boolean,
  type Context,
  changeOptions,
  checkProcessName,
  command,
  type DockerOption,
  format,
  group,
  ofApp,
  option,
  optional,
  optionsBy,
  processesOf,
  UserError,
  visibleApps,
} from 'dokku'
import { elsewhere, limits, places, type Resource, reservations, resourceOf } from './resources.ts'

interface Kind {
  verb: 'limit' | 'reserve'
  summary: string
  resources: Readonly<Record<string, Resource>>
}

const kinds: readonly Kind[] = [
  { verb: 'limit', summary: 'what processes may use at most', resources: limits },
  { verb: 'reserve', summary: 'what is kept for processes', resources: reservations },
]

const processType = option('PROCESS', 'only of this process type; run is that of one-off commands', checkProcessName, {
  complete: ofApp((one) => [...processesOf(one), 'run']),
})
const noRestart = boolean('leave it to the next release')

const commands = kinds.flatMap(({ verb, summary, resources }) => {
  const flags = Object.entries(resources).map(([name, one]) => [name, option('VALUE', one.summary, one.value)] as const)
  const refused = elsewhere.map((name) => [name, option('VALUE', 'of clusters; refused here', refuse(name))] as const)
  return [
    command({
      name: `resource:${verb}`,
      summary: `show or set ${summary}`,
      description: 'A change is a release of its own: containers that it concerns are replaced.',
      args: { app: app() },
      flags: { 'process-type': processType, 'no-restart': noRestart, ...Object.fromEntries([...flags, ...refused]) },
      examples: [`resource:${verb} node-js-app --memory 512`, `resource:${verb} --process-type worker node-js-app --cpu 2`],
      right: 'deploy',
      reads: ({ flags: { 'process-type': _, ...given } }) => wantedOf(given).length === 0,

      async run({ args, flags: { 'process-type': process, 'no-restart': later, ...given }, context }) {
        const wanted = wantedOf(given)
        if (wanted.length === 0) return show(args.app, verb, process, context)
        const options = wanted.flatMap(([name, value]) =>
          places(process).map((place) => ({ ...place, option: `--${resources[name]?.option} ${value}` })),
        )
        const named = new Set(wanted.map(([name]) => name))
        const others = (one: DockerOption) => !isOf(one, process) || !named.has(resourceOf(resources, one)?.[0] ?? '')
        const said = wanted.map(([name, value]) => `${name} ${value}`).join(', ')
        const description = `Resource ${verb} of ${process ?? 'all processes'}: ${said}`
        await changeOptions(
          args.app,
          { origin: 'resource', description, change: (before) => inOrder([...before.filter(others), ...options]), noRestart: later },
          context,
        )
      },
    }),
    command({
      name: `resource:${verb}-clear`,
      summary: `set no more ${summary}`,
      args: { app: app() },
      flags: { 'process-type': processType, 'no-restart': noRestart },
      examples: [`resource:${verb}-clear node-js-app`, `resource:${verb}-clear --process-type worker node-js-app`],
      right: 'deploy',

      async run({ args, flags: { 'process-type': process, 'no-restart': later }, context }) {
        const stays = (one: DockerOption) => !isOf(one, process) || resourceOf(resources, one) === undefined
        const description = `Resource ${verb} of ${process ?? 'all processes'} cleared`
        await changeOptions(
          args.app,
          { origin: 'resource', description, change: (before) => before.filter(stays), noRestart: later },
          context,
        )
      },
    }),
  ]
})

const report = command({
  name: 'resource:report',
  summary: 'show the resources of one app or all',
  args: { app: optional(app()) },
  flags: { format },
  examples: ['resource:report node-js-app', 'resource:report node-js-app --format json'],
  right: 'view',
  eachApp: true,
  reads: () => true,

  async run({ args, flags, context }) {
    for (const one of args.app === undefined ? await visibleApps(context) : [args.app]) {
      const lines = kinds.flatMap(({ verb, resources }) => resourcesOf(one, resources).map((each) => ({ ...each, verb })))
      if (flags.format === 'json') {
        const pairs = lines.map(({ process, verb, name, value }) => [`${process}.${verb}.${name}`, value])
        context.output.line(JSON.stringify(Object.fromEntries(pairs)))
        continue
      }
      context.output.result(`${one.name} resource information`)
      for (const { process, verb, name, value } of lines) context.output.detail(`${`${process} ${verb} ${name}:`.padEnd(31)}${value}`)
    }
  },
})

function wantedOf(flags: object): [name: string, value: string][] {
  return Object.entries(flags).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
}

function refuse(name: string): () => string {
  return () => {
    throw new UserError('no-such-resource', `--${name} is of clusters: one machine has nothing of that kind to give`, {
      hint: `${Object.keys(limits).join(', ')} are`,
    })
  }
}

/** What was set, by process type; `_default_` is for all of them. */
function resourcesOf(one: App, resources: Readonly<Record<string, Resource>>) {
  const found = optionsBy(one, 'resource').flatMap((each) => {
    const [name, value] = resourceOf(resources, each) ?? []
    return name === undefined ? [] : [{ process: each.process || '_default_', name, value: value ?? '' }]
  })
  return [...new Map(found.map((each) => [`${each.process} ${each.name}`, each])).values()]
}

function show(one: App, verb: Kind['verb'], process: string | undefined, { output, quiet }: Context): void {
  const resources = verb === 'limit' ? limits : reservations
  const found = resourcesOf(one, resources).filter((each) => each.process === (process ?? '_default_'))
  if (!quiet) output.result(`resource ${verb}s ${one.name} information${process === undefined ? '' : ` [${process}]`}`)
  for (const name of Object.keys(resources))
    output.detail(`${`${name}:`.padEnd(24)}${found.filter((each) => each.name === name).map(({ value }) => value)}`.trimEnd())
}

/** Is it for this process type; without one, for all of them? */
function isOf(one: DockerOption, process: string | undefined): boolean {
  return one.process === (process ?? '')
}

/** What is for one process type goes behind what is for all, as of two the last one counts. */
function inOrder(options: readonly DockerOption[]): DockerOption[] {
  return [...options.filter(({ process }) => process === ''), ...options.filter(({ process }) => process !== '')]
}

export default group('resource', 'Limit what the processes of an app may use', [...commands, report])
