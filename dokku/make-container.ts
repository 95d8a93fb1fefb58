import type { Container, ContainerCreateOptions } from 'dockerode'
import { hasStatus } from '#lib/docker.ts'
import { messageOf } from '#lib/errors.ts'
import type { Around } from '#plugn'
import type { App } from './app.ts'
import { attach } from './attached-networks.ts'
import { badOption } from './docker-flags.ts'
import { optionsFor } from './docker-options.ts'
import { linksOf } from './links.ts'
import type { Release } from './release.ts'
import { namesOf } from './services.ts'

/** Which container of an app is made. */
interface Wish {
  phase: 'deploy' | 'run'
  process: string
  options: ContainerCreateOptions
  /** The network with what the app is linked to, and with its services. */
  links: string | undefined
}

/** A container with all it needs, that was never started. */
interface Made {
  container: Container
  start(): Promise<void>
}

/**
 * Makes a container of an app, joins it to what it is linked to and to the app's services, and lets plugins attach what they have to; a failure leaves
 * nothing. What the engine does not take of its options is a UserError `bad-docker-option`, by the start at the latest.
 */
export async function makeContainer(app: App, release: Release, wish: Wish, around?: Partial<Around>): Promise<Made> {
  const { phase, process, options, links } = wish
  const { engine, fire } = app.instance
  const has = optionsFor([...release.options, ...release.args], phase, process).length > 0
  const refuse = (error: unknown): never => {
    if (!has || !hasStatus(error, 400, 500)) throw error
    const words = messageOf(error).replace(/^\(HTTP code \d+\) [^-]* - /, '')
    throw badOption(`the engine refuses a container with these options: ${words.trim()}`, `docker-options:report ${app.name}`)
  }
  const container = await engine.createContainer(options).catch(refuse)
  try {
    const joins = release.manifest.services !== undefined || linksOf(release, phase, process).length > 0
    if (links !== undefined && joins)
      await engine.getNetwork(links).connect({ Container: container.id, EndpointConfig: { Aliases: namesOf(release, process) } })
    await attach(app, release, { phase, process, id: container.id })
    await fire('post-container-create', { kind: 'app', container: container.id, app: app.name, phase, process }, around)
  } catch (error) {
    await container.remove({ force: true, v: true })
    throw error
  }
  return { container, start: async () => void (await container.start().catch(refuse)) }
}
