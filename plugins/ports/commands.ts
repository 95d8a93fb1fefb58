import {
  type App,
  app,
  type Context,
  changing,
  command,
  containersOf,
  detectedMaps,
  format,
  formatPortMap,
  group,
  ofApp,
  type PortMap,
  parsePortMap,
  portMaps,
  reportCommand,
  reroute,
  rest,
  storePortMaps,
} from 'dokku'

const maps = rest('SCHEME:HOST:CONTAINER', parsePortMap)
const known = rest('SCHEME:HOST:CONTAINER', parsePortMap, { complete: ofApp((one) => portMaps(one).map(formatPortMap)) })

const list = command({
  name: 'ports:list',
  aliases: ['proxy:ports'],
  summary: 'show which ports of the host lead to which ports of an app',
  args: { app: app() },
  flags: { format },
  examples: ['ports:list node-js-app', 'ports:list node-js-app --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    const all = await effective(args.app)
    if (flags.format === 'json')
      return context.output.line(
        JSON.stringify(all.map(({ scheme, host, container }) => ({ scheme, host_port: host, container_port: container }))),
      )
    const row = (...[scheme = '', host = '', container = '']: string[]) => `${scheme.padEnd(18)} ${host.padEnd(25)} ${container}`
    if (!context.quiet) {
      context.output.step(`Port mappings for ${args.app.name}`)
      context.output.step(row('scheme', 'host port', 'container port'))
    }
    for (const { scheme, host, container } of all) context.output.line(row(scheme, String(host), String(container)))
  },
})

const add = command({
  name: 'ports:add',
  aliases: ['proxy:ports-add'],
  summary: 'let more ports of the host lead to an app',
  description:
    'Schemes are http, https, grpc, grpcs, tcp and udp. 80 and 443 are shared by all apps; another port is the app’s, or shared by hosts over one protocol. A change of where tcp or udp goes reloads the proxy.',
  args: { app: app(), maps },
  examples: ['ports:add node-js-app http:8080:5000 https:8443:5000', 'ports:add node-js-app tcp:5222:5222'],
  right: 'deploy',

  run: ({ args, context }) =>
    change(args.app, context, 'add', (before) => [...without(before, args.maps), ...args.maps], `Added ${words(args.maps)}`),
})

const set = command({
  name: 'ports:set',
  aliases: ['proxy:ports-set'],
  summary: 'let these ports of the host lead to an app, and no others',
  args: { app: app(), maps },
  examples: ['ports:set node-js-app http:80:3000'],
  right: 'deploy',

  run: ({ args, context }) => change(args.app, context, 'set', () => args.maps, `Set ${words(args.maps)}`),
})

const remove = command({
  name: 'ports:remove',
  aliases: ['proxy:ports-remove'],
  summary: 'no longer let ports of the host lead to an app',
  args: { app: app(), maps: known },
  examples: ['ports:remove node-js-app http:8080:5000'],
  right: 'deploy',

  async run({ args, context }) {
    const before = portMaps(args.app).map(formatPortMap)
    for (const one of args.maps)
      if (!before.includes(formatPortMap(one))) context.output.warn(`${formatPortMap(one)} is not a port map of ${args.app.name}`)
    await change(args.app, context, 'remove', (all) => without(all, args.maps), `Removed ${words(args.maps)}`)
  },
})

const clear = command({
  name: 'ports:clear',
  aliases: ['proxy:ports-clear'],
  summary: 'serve an app by the ports that follow from what it is',
  args: { app: app() },
  examples: ['ports:clear node-js-app'],
  right: 'deploy',

  run: ({ args, context }) => change(args.app, context, 'clear', () => [], 'Cleared the port maps'),
})

const report = command(
  reportCommand('ports', {
    'ports-map': (one) => words(portMaps(one)),
    'ports-map-detected': async (one) => words(await detected(one)),
  }),
)

/** Stores other maps and has them served; when that cannot be, those of before stay. */
async function change(
  one: App,
  context: Context,
  verb: string,
  make: (before: readonly PortMap[]) => readonly PortMap[],
  done: string,
): Promise<void> {
  await changing(one, context, async () => {
    const before = portMaps(one)
    storePortMaps(one, make(before))
    try {
      await reroute(one, context.output)
    } catch (error) {
      storePortMaps(one, before)
      context.output.warn('The change was taken back')
      throw error
    }
    await one.instance.fire('post-proxy-ports-update', { app: one.name, verb })
  })
  context.output.step(`${done} of ${one.name}`)
}

async function effective(one: App): Promise<readonly PortMap[]> {
  const chosen = portMaps(one)
  return chosen.length > 0 ? chosen : await detected(one)
}

/** By the port that its containers were told. */
async function detected(one: App): Promise<readonly PortMap[]> {
  const web = (await containersOf(one)).find(({ process, stage }) => process === 'web' && stage === 'serving')
  return detectedMaps(one, web?.port)
}

function without(all: readonly PortMap[], some: readonly PortMap[]): PortMap[] {
  const gone = new Set(some.map(formatPortMap))
  return all.filter((one) => !gone.has(formatPortMap(one)))
}

function words(all: readonly PortMap[]): string {
  return all.map(formatPortMap).join(' ')
}

export default group('ports', 'Manage which ports of the host lead to apps', [list, add, set, remove, clear, report])
