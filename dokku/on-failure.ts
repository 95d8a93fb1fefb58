import { messageOf } from '#lib/errors.ts'
import type { App } from './app.ts'
import { runCheck } from './command-check.ts'
import type { AppContainer } from './container.ts'
import { parseRemote, reach } from './fetch-guard.ts'
import { allowedHosts } from './git-hosts.ts'
import { record } from './journal.ts'
import type { Healthcheck } from './manifest.ts'
import { post } from './post.ts'

/** How long telling of a failed check may take, in seconds. */
const patience = 10

/**
 * Does what app.json wants to be done when a check failed: runs a command in the container, and POSTs to a URL what failed,
 * as JSON. What goes wrong with that is an event, and no failure of its own.
 */
export async function onFailure(app: App, container: AppContainer, check: Healthcheck, reason: string): Promise<void> {
  const { command, url } = check.onFailure ?? {}
  const said = (error: unknown) =>
    record(app.instance.db, { app: app.name, by: 'dokku', text: `onFailure of a check did not work: ${messageOf(error).split('\n')[0]}` })
  const signal = AbortSignal.timeout(patience * 1000)
  const run = async () => {
    if (command === undefined || command.length === 0) return
    const status = await runCheck(app, container, { ...check, command, timeout: patience }, signal)
    if (status !== 0) throw new Error(`${command.join(' ').slice(0, 100)} ended with ${status ?? 'nothing'}`)
  }
  const what = {
    app: app.name,
    process: container.process,
    dyno: `${container.process}.${container.index}`,
    check: check.name ?? null,
    reason,
  }
  const tell = async () => (url === undefined ? undefined : await send(app, url, JSON.stringify(what), signal))
  await Promise.all([run().catch(said), tell().catch(said)])
}

/** To addresses that apps' repositories may name: public ones, and those that an admin allowed. */
async function send({ instance }: App, url: string, body: string, signal: AbortSignal): Promise<void> {
  const { address } = await reach(parseRemote(url, ['https', 'http']), allowedHosts(instance.db))
  const status = await post({ url: new URL(url), address, ca: instance.ca }, 'application/json', body, signal)
  if (status >= 400) throw new Error(`${new URL(url).hostname} answers ${status}`)
}
