import {
  app,
  appName,
  command,
  createApp,
  currentRelease,
  format,
  group,
  maybeApp,
  param,
  parseRef,
  receiveInTurn,
  reportCommand,
  repositoryHead,
  setCommand,
  UserError,
} from 'dokku'
import { sync } from './sync.ts'

const fromImage = command({
  name: 'git:from-image',
  summary: 'deploy an image that exists, here or in a registry',
  args: {
    name: appName('the app; created when it does not exist'),
    image: param({ summary: 'an image reference', label: 'image', parse: parseImage }),
  },
  examples: ['git:from-image node-js-app registry.example.com/team/app:v2'],
  right: 'deploy',

  async run({ args, context }) {
    const one = maybeApp(context.instance, args.name) ?? (await createApp(context.instance, args.name))
    await receiveInTurn(one, { kind: 'image', reference: args.image }, { user: context.identity.name, output: context.output })
  },
})

const set = command(
  setCommand('git', { 'deploy-branch': { summary: 'the branch whose pushes deploy; empty accepts main and master', check: parseRef } }, [
    'git:set node-js-app deploy-branch production',
    'git:set node-js-app deploy-branch',
  ]),
)

const status = command({
  name: 'git:status',
  summary: 'show what was pushed to an app and what of it is deployed',
  args: { app: app() },
  flags: { format },
  examples: ['git:status node-js-app', 'git:status node-js-app --format json'],
  right: 'view',

  async run({ args, flags, context }) {
    const head = await repositoryHead(args.app)
    const release = currentRelease(args.app)
    const fields = {
      branch: head?.branch ?? args.app.properties.get('git deploy-branch') ?? 'main or master',
      head: head?.commit ?? '',
      deployed: release?.revision ?? '',
      release: release === undefined ? '' : `v${release.version}`,
      status: compare(head?.commit, release?.revision ?? undefined),
    }
    if (flags.format === 'json') return context.output.line(JSON.stringify(fields))
    if (!context.quiet) context.output.result(`${args.app.name} git status`)
    for (const [field, value] of Object.entries(fields)) context.output.detail(`${`${field}:`.padEnd(10)}${value}`.trimEnd())
  },
})

function compare(head: string | undefined, deployed: string | undefined): string {
  if (head === deployed) return head === undefined ? 'nothing was pushed' : 'deployed'
  if (deployed === undefined) return 'not deployed'
  return head === undefined ? 'nothing was pushed, something else is deployed' : 'something else is deployed'
}

const report = command(
  reportCommand('git', {
    'git-deploy-branch': (one) => one.properties.get('git deploy-branch') ?? 'main or master',
    'git-rev-env-var': () => 'GIT_REV',
    'git-remote': (one) => one.properties.get('git remote')?.replace(/\/\/[^/@]*@/, '//') ?? '',
    'git-sha': (one) => currentRelease(one)?.revision ?? '',
  }),
)

function parseImage(text: string): string {
  if (!/^[a-z0-9][A-Za-z0-9._:/@-]{0,254}$/.test(text) || text.includes('..'))
    throw new UserError('bad-image', `${JSON.stringify(text.slice(0, 60))} is not an image reference`, {
      hint: 'repository:tag or registry/repository@sha256:...',
    })
  return text
}

export default group('git', 'Deploy from images, and settings of git push', [fromImage, sync, set, status, report])
