import {
  app,
  command,
  computedProperty,
  currentRelease,
  format,
  group,
  lfsChoices,
  parseRef,
  propertyFields,
  reportCommand,
  repositoryHead,
  setGlobalCommand,
  submoduleChoices,
  UserError,
} from 'dokku'
import { fromArchive, loadImage } from './archive.ts'
import { fromImage } from './image.ts'
import { remotes } from './remotes.ts'
import { initialize, unlock } from './repository.ts'
import { sync } from './sync.ts'

const set = command(
  setGlobalCommand(
    'git',
    {
      'deploy-branch': { summary: 'the branch whose pushes deploy; empty accepts main and master', check: parseRef },
      submodules: oneOf(submoduleChoices, 'leave their folders empty, fetch them, or refuse what has some; leave unless set'),
      lfs: oneOf(lfsChoices, 'leave pointers of Git LFS as they are, or refuse them; leave unless set'),
      'archive-max-files': { summary: 'how many entries an archive may have; 10000 unless set', check: most(200_000) },
      'archive-max-size': { summary: 'how many bytes an archive may hold; 1073741824 unless set', check: most(4 * 1024 ** 3) },
    },
    [
      'git:set node-js-app deploy-branch production',
      'git:set --global deploy-branch main',
      'git:set node-js-app deploy-branch',
      'git:set node-js-app archive-max-files 50000',
    ],
  ),
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
      branch: head?.branch ?? computedProperty(args.app, 'git deploy-branch') ?? 'main or master',
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
    ...propertyFields('git', 'deploy-branch', 'main or master'),
    ...propertyFields('git', 'submodules', 'leave'),
    ...propertyFields('git', 'lfs', 'leave'),
    ...propertyFields('git', 'archive-max-files', '10000'),
    ...propertyFields('git', 'archive-max-size', '1073741824'),
    'git-rev-env-var': () => 'GIT_REV',
    'git-remote': (one) => one.properties.get('git remote')?.replace(/\/\/[^/@]*@/, '//') ?? '',
    'git-sha': (one) => currentRelease(one)?.revision ?? '',
  }),
)

function oneOf(values: readonly string[], summary: string) {
  const check = (text: string) => {
    if (!values.includes(text)) throw new UserError('bad-choice', `${JSON.stringify(text.slice(0, 40))} is none of ${values.join(', ')}`)
  }
  return { summary, values, check }
}

/** A number of at most so many: what is checked out in the end has that limit too. */
function most(limit: number) {
  return (text: string) => {
    if (!/^[1-9]\d{0,11}$/.test(text) || Number(text) > limit)
      throw new UserError('bad-count', `${JSON.stringify(text.slice(0, 20))} is not a number from 1 to ${limit}`)
  }
}

export default group('git', 'Deploy from repositories, archives and images, and settings of git push', [
  sync,
  fromArchive,
  fromImage,
  loadImage,
  set,
  status,
  report,
  initialize,
  unlock,
  ...remotes,
])
