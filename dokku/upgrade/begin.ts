import { mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseReference, pullImage } from '#builder'
import { copyDatabase } from '#lib/backup.ts'
import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import { ownContainer } from '#lib/own-container.ts'
import type { By } from '../by.ts'
import { label } from '../container.ts'
import type { Instance } from '../instance.ts'
import { record } from '../journal.ts'
import { loginsOf } from '../registry.ts'
import { version } from '../version.ts'
import { readUpgrade, writeUpgrade } from './outcome.ts'
import { type Preflight, preflightFolder, preflightSchema } from './preflight.ts'

export interface Wanted {
  /** A tag of the image that runs now; undefined is the one that it has. */
  version: string | undefined
  /** Another image. */
  image: string | undefined
  /** Take what the engine has. */
  local: boolean
}

/** An image to upgrade to, and what it says about that. */
export interface Candidate extends Preflight {
  image: string
  reference: string
  /** It is what runs now. */
  same: boolean
}

/** Gets the image, and has it look at a copy of the database, the plugins and the engine. UserError `not-dokku`, `bad-image-name`, `image-not-found`. */
export async function lookAtUpgrade(instance: Instance, wanted: Wanted, output: Output): Promise<Candidate> {
  const { engine, image: current } = instance
  const reference = referenceOf(instance, wanted)
  const { imageId: image } = await getImage(instance, reference, wanted.local, output)
  const { Config: config } = await engine.getImage(image).inspect()
  if (config.Labels?.['org.opencontainers.image.title'] !== 'dokku')
    throw new UserError('not-dokku', `${reference} is no image of dokku`, {
      hint: 'upgrade VERSION takes a tag of the image that runs now',
    })
  if (image === current) return { image, reference, same: true, version, migrations: [], problems: [], misfits: [] }
  output.step(`Having ${reference} look at this instance`)
  return { image, reference, same: false, ...(await runPreflight(instance, image)) }
}

/** Hands over to a container of the newer image, which replaces control and outlives it. UserError `upgrade-goes-on`. */
export async function beginUpgrade(instance: Instance, { image, reference, version: to, migrations }: Candidate, by: By): Promise<void> {
  const { engine, settings, mountpoint, image: current } = instance
  const { name, dataDir } = settings
  const own = await ownContainer(engine)
  await instance.inOrder('upgrade', async () => {
    const last = await readUpgrade(dataDir)
    if (last?.outcome === 'switching' && last.from.container === own.Id)
      throw new UserError('upgrade-goes-on', `an upgrade to ${last.to.version} goes on`, { hint: 'upgrade:report says what comes of it' })
    const [migration] = migrations
    await removeSwitch(instance)
    const from = { version, image: current, container: own.Id, restart: own.HostConfig.RestartPolicy?.Name || 'always' }
    const container = await engine.createContainer({
      Image: image,
      name: `${name}-upgrade`,
      Cmd: ['upgrade'],
      Env: [`DOKKU_NAME=${name}`],
      Labels: { dokku: '', [label.instance]: name },
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        NetworkMode: 'none',
        Binds: [`${socketOf(own)}:/var/run/docker.sock`, `${mountpoint}:${dataDir}`],
        // Should the machine start again in the middle, so does this.
        RestartPolicy: { Name: 'always' },
      },
    })
    await writeUpgrade(dataDir, {
      from,
      to: { version: to, image, reference },
      by: by.user,
      startedAt: new Date().toISOString(),
      ...(migration === undefined ? {} : { migration }),
      outcome: 'switching',
      reason: '',
    })
    record(instance.db, { by: by.user, text: `began the upgrade from dokku ${version} to ${to}` })
    await container.start()
  })
}

/** Removes the container that switched, if there is one. */
export async function removeSwitch({ engine, settings }: Instance): Promise<void> {
  await engine
    .getContainer(`${settings.name}-upgrade`)
    .remove({ force: true })
    .catch(() => undefined)
}

/** UserError `bad-image-name` where what runs has no name that a tag could follow. */
function referenceOf({ debian: running }: Instance, { version: tag, image }: Wanted): string {
  if (image !== undefined) return parseReference(image).name
  const { name } = parseReference(running)
  if (/^(sha256:|[0-9a-f]{12,64}$)/.test(running) || name.includes('@'))
    throw new UserError('bad-image-name', `control runs from ${running.slice(0, 80)}, which has no other tags`, {
      hint: 'upgrade --image NAME:TAG',
    })
  return tag === undefined ? name : parseReference(`${name.slice(0, name.lastIndexOf(':'))}:${tag}`).name
}

/** What the engine has stands in for what its registry does not, as with an image that was built here. */
async function getImage(instance: Instance, reference: string, local: boolean, output: Output): Promise<{ imageId: string }> {
  const { engine, db, stopping: signal } = instance
  const here = await engine
    .getImage(reference)
    .inspect()
    .then(
      ({ Id: id }) => id,
      () => undefined,
    )
  if (local && here !== undefined) return { imageId: here }
  const logins = loginsOf(db)
  const registries = (host: string) => (Object.hasOwn(logins, host) ? logins[host] : undefined)
  try {
    return await pullImage(engine, reference, output, { registries, signal })
  } catch (error) {
    if (here === undefined || !(error instanceof UserError)) throw error
    output.detail(`${error.message}: the engine’s own is taken`)
    return { imageId: here }
  }
}

async function runPreflight(instance: Instance, image: string): Promise<Preflight> {
  const { engine, settings, mountpoint } = instance
  const folder = await mkdtemp(join(settings.dataDir, '.upgrade-'))
  try {
    await copyDatabase(instance.db.path, join(folder, 'dokku.sqlite'))
    const own = await ownContainer(engine)
    const container = await engine.createContainer({
      Image: image,
      Cmd: ['preflight'],
      Env: (own.Config.Env ?? []).filter((one) => one.startsWith('DOKKU_')),
      Labels: { [label.instance]: settings.name, [label.session]: instance.session },
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        NetworkMode: 'none',
        Binds: [
          `${socketOf(own)}:/var/run/docker.sock`,
          `${mountpoint}:${settings.dataDir}:ro`,
          `${join(mountpoint, basename(folder))}:${preflightFolder}`,
          ...secretFile(own.HostConfig.Binds ?? []),
        ],
      },
    })
    try {
      await container.start()
      await container.wait()
      const said = (await container.logs({ stdout: true })).toString('utf8')
      const [json] = /\{"version":.*\}/.exec(said) ?? []
      if (json !== undefined) return preflightSchema.parse(JSON.parse(json))
      throw new UserError('not-upgradable', 'that image cannot tell what would become of this instance', {
        hint: 'one from before this command is put in place by scripts/quickstart, or by docker run',
      })
    } finally {
      await container.remove({ force: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The engine’s socket on its host. */
function socketOf({ Mounts: mounts }: { Mounts: readonly { Source: string; Destination: string }[] }): string {
  return mounts.find(({ Destination }) => Destination === '/var/run/docker.sock')?.Source ?? '/var/run/docker.sock'
}

/** The key of secrets may be a file that control was given. */
function secretFile(binds: readonly string[]): string[] {
  const file = process.env.DOKKU_SECRETS_KEY_FILE
  return file === undefined ? [] : binds.filter((bind) => bind.split(':')[1] === file)
}
