import { command, group } from 'dokku'
import { list } from './list.ts'
import { logs, run } from './run.ts'
import { report, resume, set, suspend } from './settings.ts'

const reload = command({
  name: 'cron:reload',
  summary: 'ask plugins for their lines again, and read the cron files again',
  description: 'Plugins do this themselves by `plugn trigger cron-write`; a change of a file is seen anyway.',
  examples: ['cron:reload'],
  right: 'admin',

  async run({ context }) {
    await context.instance.cron.reload()
    context.output.step('Cron entries read')
  },
})

export default group('cron', 'Run tasks of apps, and of plugins, at their times', [list, run, logs, suspend, resume, set, report, reload])
