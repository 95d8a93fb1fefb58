import { app, changeFront, command, param, readInput, UserError } from 'dokku'
import { pageCodes } from '#nginx'

type Code = (typeof pageCodes)[number]

const code = () =>
  param<Code>({ summary: 'the status of an error that nginx itself answers with', label: 'code', parse, complete: () => pageCodes })

export const setPage = command({
  name: 'nginx:set-page',
  summary: 'show a page of your own, HTML from standard input, where nginx answers with an error',
  description: "An app's own answers are never touched. 502 is shown while the app is not running, 503 while it is deployed first.",
  args: { app: app(), code: code() },
  examples: ['nginx:set-page node-js-app 502'],
  right: 'deploy',

  async run({ args, context }) {
    const html = await readInput(context, 1_000_000)
    if (html.trim() === '')
      throw new UserError('missing-value', 'standard input is empty', { hint: `nginx:set-page ${args.app.name} ${args.code} < page.html` })
    await changeFront(args.app, context, 'pages', (before) => ({ ...before, [args.code]: html }))
    context.output.step(`${args.app.name} has a page of its own for ${args.code}`)
  },
})

export const unsetPage = command({
  name: 'nginx:unset-page',
  summary: 'show the usual page for an error again',
  args: { app: app(), code: code() },
  examples: ['nginx:unset-page node-js-app 502'],
  right: 'deploy',

  async run({ args, context }) {
    const { before } = await changeFront(args.app, context, 'pages', ({ [args.code]: _, ...others }) => others)
    if (before[args.code] === undefined) context.output.warn(`${args.app.name} has no page of its own for ${args.code}`)
    else context.output.step(`${args.app.name} has the usual page for ${args.code} again`)
  },
})

function parse(text: string): Code {
  const found = pageCodes.find((one) => one === text)
  if (found !== undefined) return found
  throw new UserError('bad-nginx-setting', `nginx does not answer with ${JSON.stringify(text.slice(0, 20))}, or has no page for it`, {
    hint: pageCodes.join(', '),
  })
}
