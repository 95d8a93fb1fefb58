import * as z from 'zod'
import { lineStream } from '#lib/line-stream.ts'
import { hostMisfits } from '#plugn'
import type { Instance } from './instance.ts'
import { record } from './journal.ts'
import { version } from './version.ts'

const fact = 'plugins prepared in'
const row = z.object({ value: z.string() })

/**
 * Has the installed plugins prepare themselves again, once in each container of control: what they put outside the volume,
 * programs say, went with the container before. One that fails is said among the events, and stays enabled.
 */
export async function preparePlugins({ db, log, plugins }: Instance, container: string): Promise<void> {
  if (db.get(row, 'SELECT value FROM facts WHERE name = ?', fact)?.value === container) return
  for (const { message, remedy } of await hostMisfits(plugins.store, { version }))
    record(db, { by: 'dokku', text: `${message}: ${remedy}` })
  const line = (text: string) => log.info({ plugins: 'prepare' }, text)
  for (const { name } of await plugins.store.listEnabled())
    for (const hook of ['dependencies', 'install']) {
      const stream = lineStream(line)
      const status = await plugins.trigger(hook, [], { stdin: undefined, stdout: stream, stderr: stream }, name)
      stream.end()
      if (status !== 0) record(db, { by: 'dokku', text: `the plugin ${name} failed at ${hook} in a new control (exit status ${status})` })
    }
  db.run('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)', fact, container)
}
