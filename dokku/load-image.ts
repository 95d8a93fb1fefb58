import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { json, text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { createTarPacker, type TarHeader } from 'modern-tar'
import * as z from 'zod'
import { badArchive, entryCheck } from '#lib/archive.ts'
import type { Docker } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { gzipMagic, peek } from '#lib/peek.ts'
import type { App } from './app.ts'
import { loadingTag } from './images.ts'
import { readTar } from './read-tar.ts'

const manifest = z.array(z.looseObject({ Config: z.string(), RepoTags: z.array(z.string()).nullable().optional() }))

/** How many entries an image may be made of, and how long its manifest may be. */
const limits = { bytes: 4 * 1024 ** 2, entries: 20_000 }

/**
 * Gives the engine one image of what `docker save` wrote, under a name of ours and no other: the names in an archive could be
 * those of other apps. Does something with its id; afterwards the name is gone. UserError `bad-archive`.
 */
export async function withLoadedImage(app: App, archive: Readable, reference: string, work: (id: string) => Promise<void>): Promise<void> {
  const { engine } = app.instance
  const tag = loadingTag(app, randomBytes(6).toString('hex'))
  const renamed = renamedImage(archive, reference, tag)
  try {
    try {
      await loadImages(engine, renamed)
    } catch (error) {
      // What was wrong with the archive ended the request.
      throw renamed.errored ?? error
    }
    await work((await engine.getImage(tag).inspect()).Id)
  } finally {
    await engine
      .getImage(tag)
      .remove()
      .catch(() => undefined)
  }
}

/** Gives the engine what `docker save` wrote, as it is. UserError `bad-archive` in the engine's words. */
export async function loadImages(engine: Docker, archive: Readable): Promise<void> {
  const said = await text((await engine.loadImage(archive, { quiet: true })) as Readable)
  const [, error] = /"error":"((?:[^"\\]|\\.)*)"/.exec(said) ?? []
  if (error !== undefined) throw badArchive(error.slice(0, 200))
}

/** An archive as `docker save` writes it, with only this image of it, under only this name. */
export function renamedImage(archive: Readable, reference: string, tag: string): Readable {
  const { readable, controller } = createTarPacker()
  const renamed = Readable.fromWeb(readable as Parameters<typeof Readable.fromWeb>[0])
  copy(archive, reference, tag, controller).catch((error: unknown) => {
    renamed.destroy(error instanceof UserError ? error : badArchive(messageOf(error), error))
  })
  return renamed
}

async function copy(
  archive: Readable,
  reference: string,
  tag: string,
  to: ReturnType<typeof createTarPacker>['controller'],
): Promise<void> {
  const check = entryCheck(limits)
  const { magic, whole } = await peek(archive)
  let found = false
  const add = async (header: TarHeader, body: ReadableStream<Uint8Array>) => await body.pipeTo(to.add(header))
  for await (const { header, body } of readTar(whole, ...(magic === gzipMagic ? [createGunzip()] : []))) {
    // The first three name images as well, and not only the one that is wanted.
    if (!check(header) || ['repositories', 'index.json', 'oci-layout'].includes(header.name)) await body.cancel()
    else if (header.name !== 'manifest.json') await add(header, body)
    else {
      if (header.size > limits.bytes) throw badArchive('its manifest is too long')
      const only = JSON.stringify([{ ...choose(manifest.parse(await json(Readable.fromWeb(body as never))), reference), RepoTags: [tag] }])
      await add({ name: 'manifest.json', size: Buffer.byteLength(only), mode: 0o644 }, new Blob([only]).stream())
      found = true
    }
  }
  if (!found) throw badArchive('it is not what docker save writes: there is no manifest.json')
  to.finalize()
}

/** The image of that name; of an archive with one image, that one. */
function choose(images: z.infer<typeof manifest>, reference: string) {
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? [])
  const wanted = /[:@][^/]+$/.test(reference) ? reference : `${reference}:latest`
  const named = images.find(({ RepoTags }) =>
    RepoTags?.some((one) => one === wanted || one === wanted.replace(/^docker\.io\/(library\/)?/, '')),
  )
  const image = named ?? (images.length === 1 ? images[0] : undefined)
  if (image !== undefined) return image
  throw badArchive(`no image in it is called ${reference}; there are ${tags.join(', ').slice(0, 200) || 'none with a name'}`)
}
