import { type Docker, hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { type Output, plain } from '#lib/output.ts'
import { type TransferOptions, transfer } from '../registry/transfer.ts'

/**
 * The id of an image by its name: the engine's own if it has one, else pulled. An image that is nowhere is UserError
 * `image-not-found`, a registry that does not answer `registry-unreachable`.
 */
export async function resolveImage(
  engine: Docker,
  reference: string,
  output: Output,
  options: TransferOptions = {},
): Promise<{ imageId: string }> {
  const present = await localId(engine, parseReference(reference).name)
  return present === undefined ? await pullImage(engine, reference, output, options) : { imageId: present }
}

/** The same from its registry, whatever the engine has under that name. */
export async function pullImage(
  engine: Docker,
  reference: string,
  output: Output,
  options: TransferOptions = {},
): Promise<{ imageId: string }> {
  const { host, name } = parseReference(reference)
  output.detail(`Pulling ${name}`)
  await transfer(engine, { action: 'pull', host, name, path: '/images/create', query: { fromImage: name } }, output, options)
  const imageId = await localId(engine, name)
  if (imageId === undefined) throw new Error(`${name} was pulled, but the engine does not have it`)
  return { imageId }
}

/** The registry host of a reference, and the reference with its tag spelled out: without one the engine pulls every tag. */
export function parseReference(reference: string): { host: string; name: string } {
  const found = /^((?:[^/@]+\/)*[^/@:]+)(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/.exec(reference)
  const repository = found?.[1]
  // Whether it is one to the last detail is the engine's to say; this keeps out what would be read as something else.
  if (
    !found ||
    repository === undefined ||
    reference.length > 500 ||
    !/^[\w.:/[\]-]+$/.test(repository) ||
    /(?:^|\/)[-.:]/.test(repository)
  )
    throw new UserError('bad-image-name', `"${plain(reference).slice(0, 100)}" is not the name of an image`, {
      hint: 'such as nginx:1.29 or ghcr.io/owner/name:tag',
    })
  const first = repository.includes('/') ? repository.slice(0, repository.indexOf('/')) : ''
  const host = /[.:]/.test(first) || first === 'localhost' ? first : 'docker.io'
  return { host, name: found[2] === undefined && found[3] === undefined ? `${reference}:latest` : reference }
}

/** The id of the engine's own image of that name. */
export async function localId(engine: Docker, name: string): Promise<string | undefined> {
  try {
    return (await engine.getImage(name).inspect()).Id
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    if (hasStatus(error, 400)) throw new UserError('bad-image-name', `"${name}" is not the name of an image`, { cause: error })
    throw error
  }
}
