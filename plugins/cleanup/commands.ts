import { app, changing, command, group, optional, removeOrphans, tidyReleases } from 'dokku'

const cleanup = command({
  name: 'cleanup',
  summary: 'remove containers, networks and images that nobody needs any more',
  description: 'This happens every five minutes anyway. Images of listed releases stay, and so does what is not of this instance.',
  args: { app: optional(app()) },
  examples: ['cleanup', 'cleanup node-js-app'],
  right: 'deploy',

  async run({ args, context }) {
    const { app: one } = args
    context.output.step(one === undefined ? 'Cleaning up...' : `Cleaning up ${one.name}...`)
    if (one !== undefined) await changing(one, context, () => tidyReleases(one, context.output))
    await removeOrphans(context.instance)
  },
})

export default group('cleanup', 'Remove what is left over', [cleanup])
