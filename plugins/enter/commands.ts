import { app, command, containersOf, enterContainer, group, optional, rest, UserError } from 'dokku'

const enter = command({
  name: 'enter',
  summary: 'open a shell, or run a command, in a running container of an app',
  description: 'The first word may name a process type or one of its containers: web, web.2.',
  args: { app: app(), words: optional(rest('[PROCESS[.N]] [COMMAND]')) },
  passthrough: true,
  examples: ['enter node-js-app', 'enter node-js-app web.1 ls /app'],
  right: 'deploy',

  async run({ args, context }) {
    const running = (await containersOf(args.app)).filter((one) => one.state === 'running' && one.stage !== 'retiring')
    const [first] = args.words
    const named = running.find((one) => first === `${one.process}.${one.index}`) ?? running.find((one) => first === one.process)
    const target = named ?? running.find((one) => one.process === 'web') ?? running[0]
    if (target === undefined)
      throw new UserError('nothing-runs', `${args.app.name} has no running container`, { hint: `ps:report ${args.app.name}` })
    if (first !== undefined && named === undefined && /^[a-z]+\.\d+$/.test(first))
      throw new UserError('no-such-process', `${args.app.name} runs no ${first}`, {
        hint: running.map((one) => `${one.process}.${one.index}`).join(', '),
      })
    const words = named === undefined ? args.words : args.words.slice(1)
    return await enterContainer(
      context.instance,
      target.id,
      words.length > 0 ? words : ['/bin/sh', '-c', 'exec $(command -v bash || echo sh)'],
      context.session,
    )
  },
})

export default group('enter', 'Enter running containers', [enter])
