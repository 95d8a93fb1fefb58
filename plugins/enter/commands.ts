import {
  type App,
  type AppContainer,
  app,
  command,
  containersOf,
  enterContainer,
  group,
  ofApp,
  option,
  optional,
  processesOf,
  rest,
  show,
  UserError,
} from 'dokku'

const enter = command({
  name: 'enter',
  summary: 'open a shell, or run a command, in a running container of an app',
  description: 'The first word may name a process type or one of its containers: web, web.2.',
  args: {
    app: app(),
    words: optional(rest('[PROCESS[.N]] [COMMAND]', String, { complete: ofApp(processesOf) })),
  },
  flags: { 'container-id': option('ID', 'the container with this id', parseId) },
  passthrough: true,
  examples: ['enter node-js-app', 'enter node-js-app web.1 ls /app'],
  right: 'deploy',

  async run({ args, flags, context }) {
    const running = (await containersOf(args.app)).filter((one) => one.state === 'running' && one.stage !== 'retiring')
    const { target, words } = choose(args.app, running, args.words, flags['container-id'])
    return await enterContainer(target.id, words.length > 0 ? words : shell, context)
  },
})

/** The best shell there is. */
const shell = ['/bin/sh', '-c', 'exec "$(command -v bash || echo sh)"']

function choose(one: App, running: AppContainer[], words: string[], id: string | undefined) {
  const [first = '', ...others] = words
  const named = running.find((c) => first === `${c.process}.${c.index}`) ?? running.find((c) => first === c.process)
  if (id !== undefined) {
    const target = running.find((c) => c.id.startsWith(id))
    if (target !== undefined) return { target, words }
    throw new UserError('nothing-runs', `${one.name} runs no container ${show(id)}`, { hint: `ps:report ${one.name}` })
  }
  const target = named ?? running.find(({ process }) => process === 'web') ?? running[0]
  if (target === undefined) throw new UserError('nothing-runs', `${one.name} has no running container`, { hint: `ps:report ${one.name}` })
  if (named === undefined && /^[\w-]+\.\d+$/.test(first))
    throw new UserError('no-such-process', `${one.name} runs no ${first}`, {
      hint: running.map(({ process, index }) => `${process}.${index}`).join(', '),
    })
  return { target, words: named === undefined ? words : others }
}

function parseId(text: string): string {
  if (/^[0-9a-f]{6,64}$/.test(text)) return text
  throw new UserError('bad-container-id', `${show(text)} is not a container id`, { hint: 'ps:report shows them' })
}

export default group('enter', 'Enter running containers', [enter])
