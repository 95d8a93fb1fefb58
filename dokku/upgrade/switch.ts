import { once } from 'node:events'
import type { Container } from 'dockerode'
import { type Docker, hasStatus } from '#lib/docker.ts'
import { messageOf } from '#lib/errors.ts'
import { restoreDatabase } from '../restore.ts'
import { databasePath } from '../state.ts'
import { readUpgrade, type Upgrade, writeUpgrade } from './outcome.ts'
import { createLike } from './successor.ts'

/** How long a new control may take until it is healthy. */
const patienceMs = 180_000

/** How long the one before may take to finish what was begun: as `docker run --stop-timeout` has it. */
const finishSeconds = 600

export interface Switching {
  engine: Docker
  /** Of the instance, and so of its control. */
  name: string
  dataDir: string
  say: (line: string) => void
}

/**
 * The role `upgrade` of the newer image: puts a control of it in the place of the one that runs, and that one back where the newer does not
 * become healthy. May be killed anywhere and begun again: what there is says how far it came.
 */
export async function switchControl(switching: Switching): Promise<void> {
  const { dataDir, say } = switching
  const upgrade = await readUpgrade(dataDir)
  if (upgrade === undefined || upgrade.outcome !== 'switching') return say('No upgrade goes on')
  const end = async (outcome: Upgrade['outcome'], reason = '') => {
    await writeUpgrade(dataDir, { ...upgrade, outcome, reason, finishedAt: new Date().toISOString() })
    say(`${outcome} ${reason}`)
  }
  if (upgrade.reason !== '') {
    await putBack(switching, upgrade)
    return await end('returned', upgrade.reason)
  }
  const { newer, older } = await take(switching, upgrade)
  await older?.stop({ t: finishSeconds }).catch(ignore(304))
  await newer.start().catch(ignore(304))
  const problem = await whyUnhealthy(newer)
  const restart = { RestartPolicy: { Name: upgrade.from.restart } }
  if (problem === undefined) {
    await newer.update(restart)
    await older?.remove({ force: true })
    return await end('done')
  }
  const tookCommands = (await newer.logs({ stdout: true, stderr: true })).toString('utf8').includes('control is listening')
  if (older === undefined || (tookCommands && upgrade.migration !== undefined)) {
    await newer.update(restart)
    await newer.start().catch(ignore(304))
    return await end('kept', tookCommands ? `${problem}; it has changed the database and taken commands` : problem)
  }
  await writeUpgrade(dataDir, { ...upgrade, reason: problem })
  await putBack(switching, upgrade)
  await end('returned', problem)
}

/** Both controls; the newer one is made where it is not there yet, and has the name from now on. Until it is healthy, the engine starts none by itself. */
async function take({ engine, name }: Switching, { from, to }: Upgrade): Promise<{ newer: Container; older: Container | undefined }> {
  const next = `${name}-next`
  const older = (await find(engine, from.container)) === undefined ? undefined : engine.getContainer(from.container)
  const current = await find(engine, name)
  if (current !== undefined && current !== from.container) return { newer: engine.getContainer(current), older }
  if (current === from.container) {
    for (const left of [next, `${name}-previous`]) await engine.getContainer(left).remove({ force: true }).catch(ignore(404))
    await createLike(engine, engine.getContainer(current), await nameOf(engine, to), next)
    await engine.getContainer(current).update({ RestartPolicy: { Name: 'no' } })
    await engine.getContainer(current).rename({ name: `${name}-previous` })
  }
  await engine.getContainer(next).rename({ name })
  return { newer: engine.getContainer((await find(engine, name)) ?? name), older }
}

/** What was migrated before anybody could use it goes back to the copy made then. */
async function putBack({ engine, name, dataDir, say }: Switching, { from, migration }: Upgrade): Promise<void> {
  const older = engine.getContainer(from.container)
  const current = await find(engine, name)
  if (current !== undefined && current !== from.container) {
    const newer = engine.getContainer(current)
    await newer.stop().catch(ignore(304))
    if (migration !== undefined)
      await restoreDatabase(databasePath(dataDir), `dokku.sqlite.before-${migration.slice(0, 4)}`, say).catch((error: unknown) => {
        // It failed before it came to that.
        say(messageOf(error))
      })
    await newer.remove({ force: true })
  }
  if (current !== from.container) await older.rename({ name })
  await older.update({ RestartPolicy: { Name: from.restart } })
  await older.start().catch(ignore(304))
}

/** Undefined once it is healthy; the words in which it ended, or what it said is down. */
async function whyUnhealthy(control: Container): Promise<string | undefined> {
  const late = AbortSignal.timeout(patienceMs)
  const ended = control.wait().then(async () => lastLine((await control.logs({ stdout: true, stderr: true, tail: 5 })).toString('utf8')))
  const healthy = async (): Promise<string | undefined> => {
    for (;;) {
      const { status, said } = await execute(control, ['dokku', 'health', '--wait'])
      if (status === 0) return undefined
      if (late.aborted) return lastLine(said)
    }
  }
  const expired = once(late, 'abort').then(() => `not healthy within ${patienceMs / 1000} s`)
  return await Promise.race([healthy().catch(() => ended), ended, expired])
}

async function execute(container: Container, argv: string[]): Promise<{ status: number; said: string }> {
  const exec = await container.exec({ Cmd: argv, AttachStdout: true, AttachStderr: true, Tty: true })
  const stream = await exec.start({ Tty: true })
  let said = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream) said += chunk
  const { ExitCode: status } = await exec.inspect()
  return { status: status ?? 1, said }
}

/** The last line of an error, or of anything. */
function lastLine(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.replaceAll(/[^\x20-\x7e]/g, '').trim())
    .filter((line) => line !== '')
  return (lines.findLast((line) => line.startsWith('!')) ?? lines.at(-1) ?? 'it ended').replace(/^!\s+/, '').slice(0, 300)
}

async function find(engine: Docker, name: string): Promise<string | undefined> {
  try {
    return (await engine.getContainer(name).inspect()).Id
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

const ignore =
  (...statuses: number[]) =>
  (error: unknown): void => {
    if (!hasStatus(error, ...statuses)) throw error
  }

/** The name of an image, from which the next upgrade knows its family, unless that names another one by now. */
async function nameOf(engine: Docker, { image, reference }: Upgrade['to']): Promise<string> {
  const named = await engine.getImage(reference).inspect().catch(ignore(404))
  return named?.Id === image ? reference : image
}
