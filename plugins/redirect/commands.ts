import {
  type App,
  app,
  assertHostsFree,
  changeFront,
  command,
  group,
  keptFront,
  ofApp,
  optional,
  param,
  reportCommand,
  UserError,
  word,
} from 'dokku'
import { hostName } from '#nginx'

const codes = [301, 302, 303, 307, 308] as const
type Code = (typeof codes)[number]

const set = command({
  name: 'redirect:set',
  summary: 'send whoever asks for one host to another',
  description:
    'The path and the query stay. The source may be a wildcard, and need not be a domain of the app; for HTTPS it needs a certificate, so add it as a domain then. The destination keeps scheme and port, unless it says others: https://www.example.com.',
  args: {
    app: app(),
    source: word('the host that is asked for', 'source'),
    destination: word('the host to go to', 'destination'),
    code: optional(param<Code>({ summary: '301 unless given', label: 'code', parse: parseCode, complete: () => codes.map(String) })),
  },
  examples: ['redirect:set node-js-app example.com www.example.com', 'redirect:set node-js-app old.example.com www.example.com 302'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Setting redirect for ${args.app.name}`)
    const from = parseHost(args.source)
    assertHostsFree(args.app, [from])
    const wanted = { from, to: args.destination, code: args.code ?? 301 }
    await changeFront(args.app, context, 'redirect', (before) => [...before.filter((one) => one.from !== from), wanted])
    context.output.detail('done')
  },
})

const unset = command({
  name: 'redirect:unset',
  summary: 'no longer send whoever asks for a host to another',
  args: {
    app: app(),
    source: {
      ...word('the host that is asked for', 'source'),
      complete: ofApp((one) => keptFront(one, 'redirect').map(({ from }) => from)),
    },
  },
  examples: ['redirect:unset node-js-app example.com'],
  right: 'deploy',

  async run({ args, context }) {
    context.output.step(`Unsetting redirect for ${args.app.name}`)
    const from = parseHost(args.source)
    const { before, after } = await changeFront(args.app, context, 'redirect', (all) => all.filter((one) => one.from !== from))
    if (before.length === after.length) context.output.warn(`${from} led nowhere`)
    else context.output.detail('done')
  },
})

const report = command({
  ...reportCommand('redirect', {
    'redirect-list': (one: App) =>
      keptFront(one, 'redirect')
        .map(({ from, to, code }) => `${from}:${to}:${code}`)
        .join(' '),
  }),
  aliases: ['redirect'],
})

function parseHost(text: string): string {
  const { data, error } = hostName.safeParse(text)
  if (data === undefined) throw new UserError('bad-domain', error.issues[0]?.message ?? 'this is no host name')
  return data
}

function parseCode(text: string): Code {
  const code = codes.find((one) => String(one) === text)
  if (code === undefined)
    throw new UserError('bad-front', `${JSON.stringify(text.slice(0, 20))} is no status of a redirect`, { hint: codes.join(', ') })
  return code
}

export default group('redirect', 'Send hosts of an app to others', [set, unset, report])
