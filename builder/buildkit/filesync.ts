import { constants } from 'node:fs'
import { lstat, open, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { encode, fields } from './protobuf.ts'

/** Files the engine may ask for: paths in a directory, parents before children, some with another text than on disk. */
export interface Tree {
  dir: string
  paths: readonly string[]
  replaced?: Record<string, string>
}

/** Kinds of packets of BuildKit's file transfer (fsutil's wire.proto). */
const packet = { stat: 0, request: 1, data: 2, end: 3 } as const
/** Go's bits of a file's mode beyond the permissions. */
const goMode = { directory: 2 ** 31, link: 2 ** 27, setuid: 2 ** 23, setgid: 2 ** 22, sticky: 2 ** 20 } as const
const chunkSize = 128 * 1024

/**
 * Sends a tree: first what there is, then the content of each file that is asked for, until the engine has had enough.
 * Links are sent as links; what is no file, directory or link is left out; owners become root.
 */
export async function sendTree(
  tree: Tree,
  incoming: AsyncIterable<Uint8Array>,
  send: (packet: Uint8Array) => Promise<void>,
): Promise<void> {
  const sent: string[] = []
  const stats = (async () => {
    for (const path of tree.paths) {
      const stat = await describe(tree, path)
      if (!stat) continue
      sent.push(path)
      await send(encode([[2, stat]]))
    }
    await send(encode([])) // No more.
  })()
  stats.catch(() => {}) // It is awaited below, after what arrives meanwhile.
  for await (const message of incoming) {
    const { type, id } = read(message)
    if (type === packet.end) break
    if (type !== packet.request) throw new Error(`the engine ended the transfer of the tree (packet ${type})`)
    const path = sent[id]
    if (path === undefined) throw new Error(`the engine asked for file ${id}, which was not offered`)
    for await (const data of content(tree, path)) await send(packetOf(packet.data, id, data))
    await send(packetOf(packet.data, id))
  }
  await stats
  await send(packetOf(packet.end))
}

function packetOf(type: number, id = 0, data?: Uint8Array): Buffer {
  return encode([[1, type], [3, id], ...(data ? ([[4, data]] as [number, Uint8Array][]) : [])])
}

function read(message: Uint8Array): { type: number; id: number } {
  const result = { type: 0, id: 0 }
  for (const { number, value } of fields(message)) {
    if (typeof value !== 'number') continue
    if (number === 1) result.type = value
    if (number === 3) result.id = value
  }
  return result
}

/** A path as fsutil's Stat message, or undefined for a socket, device or pipe. */
async function describe(tree: Tree, path: string): Promise<Buffer | undefined> {
  const replaced = tree.replaced?.[path]
  if (replaced !== undefined)
    return encode([
      [1, path],
      [2, 0o644],
      [5, Buffer.byteLength(replaced)],
      [6, 0],
    ])
  const stat = await lstat(join(tree.dir, path), { bigint: true })
  const mode = Number(stat.mode)
  const bits =
    (mode & 0o777) + (mode & 0o4000 ? goMode.setuid : 0) + (mode & 0o2000 ? goMode.setgid : 0) + (mode & 0o1000 ? goMode.sticky : 0)
  const time = stat.mtimeNs
  if (stat.isDirectory())
    return encode([
      [1, path],
      [2, bits + goMode.directory],
      [6, time],
    ])
  if (stat.isSymbolicLink())
    return encode([
      [1, path],
      [2, 0o777 + goMode.link],
      [6, time],
      [7, await readlink(join(tree.dir, path), 'buffer')],
    ])
  if (stat.isFile())
    return encode([
      [1, path],
      [2, bits],
      [5, stat.size],
      [6, time],
    ])
  return undefined
}

async function* content(tree: Tree, path: string): AsyncGenerator<Uint8Array> {
  const replaced = tree.replaced?.[path]
  if (replaced !== undefined) {
    if (replaced !== '') yield Buffer.from(replaced)
    return
  }
  // It was a file when it was described; should it be a link by now, it is not followed.
  const file = await open(join(tree.dir, path), constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    for await (const chunk of file.createReadStream({ highWaterMark: chunkSize, autoClose: false })) yield chunk
  } finally {
    await file.close()
  }
}
