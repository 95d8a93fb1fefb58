import {
  app,
  boolean,
  changing,
  checkRemote,
  command,
  currentRelease,
  deployInTurn,
  fetchRemote,
  moveBranch,
  optional,
  param,
  parseRef,
  parseRemote,
  remoteCommit,
  UserError,
} from 'dokku'

export const sync = command({
  name: 'git:sync',
  summary: 'fetch a branch, tag or commit from a repository elsewhere; with --build, deploy it',
  description: [
    'The branch of the app that deploys then stands where the other repository does. With --build it moves only once the deploy has succeeded.',
    'Private addresses are refused unless git:allow-private has them.',
  ].join('\n'),
  args: {
    app: app(),
    repository: param({ summary: 'a URL of https, ssh, http or git', label: 'repository', parse: checkRemote, secret: true }),
    ref: optional(
      param({
        summary: 'a branch, a tag or the whole id of a commit; the default branch, unless given',
        label: 'git-ref',
        parse: parseRef,
      }),
    ),
  },
  flags: {
    build: boolean('deploy it'),
    'build-if-changes': boolean('deploy it, unless it is what was deployed last'),
  },
  examples: [
    'git:sync node-js-app https://github.com/heroku/node-js-getting-started.git',
    'git:sync --build node-js-app git@github.com:team/app.git main',
    'git:sync --build-if-changes node-js-app https://github.com/team/app.git v1.2.0',
  ],
  right: 'deploy',

  async run({ args, flags, context }) {
    const { app: one, repository, ref } = args
    if (flags.build && flags['build-if-changes'])
      throw new UserError('unexpected-value', '--build and --build-if-changes exclude each other', { hint: 'give one of them' })
    const source = { kind: 'remote', remote: parseRemote(repository), ref } as const
    const by = { user: context.identity.name, output: context.output, signal: context.identity.revoked }
    if (flags['build-if-changes'] && (await remoteCommit(context.instance, source)) === currentRelease(one)?.revision)
      return context.output.step(`Skipping build as no changes were detected`)
    if (flags.build || flags['build-if-changes']) await deployInTurn(one, source, by)
    else {
      const commit = await fetchRemote(one, source, by)
      const branch = await changing(one, context, () => moveBranch(one, commit))
      context.output.step(`Branch ${branch} of ${one.name} is at ${commit.slice(0, 8)}; with --build it is deployed, too`)
    }
    one.properties.set('git remote', repository)
  },
})
