import { app, command, group, proxyOf, resite, siteCommand, unserved } from 'dokku'
import { accessLogs, errorLogs, stats } from './logs.ts'
import { setPage, unsetPage } from './pages.ts'
import { report, set } from './settings.ts'

const show = command({
  name: 'nginx:show-config',
  aliases: ['nginx:show-conf'],
  summary: 'show the site of an app as nginx has it, with what plugins added',
  args: { app: app() },
  examples: ['nginx:show-config node-js-app'],
  right: 'deploy',
  reads: () => true,

  async run({ args, context }) {
    context.output.line((await proxyOf(args.app).show(args.app)).trimEnd())
  },
})

const validate = command(
  siteCommand({
    name: 'nginx:validate-config',
    aliases: ['nginx:validate'],
    summary: 'say what nginx would refuse of the site of an app, or of all; nothing changes',
    reads: () => true,

    async act(one, { output }) {
      const bad = await unserved(one)
      for (const text of bad) output.warn(text)
      return bad
    },
  }),
)

const reload = command(
  siteCommand({
    name: 'nginx:reload',
    summary: 'serve what plugins keep in files for the site of an app, or of all, as it is now',
    act: (one, { output }) => resite(one, output),
  }),
)

export default group('nginx', 'Look at what nginx serves of an app, and say how', [
  command(set),
  command(report),
  setPage,
  unsetPage,
  show,
  validate,
  reload,
  accessLogs,
  errorLogs,
  stats,
])
