import { statfs } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { UserError } from '#lib/errors.ts'
import { formatSize } from '#lib/size.ts'

/** How much of a disk a restore leaves free: with less, the database of what runs cannot be written. In bytes. */
const leftFree = 256 * 1024 ** 2

/** How often it is looked at, in bytes that came in. */
const every = 64 * 1024 ** 2

/** UserError `no-room` when a disk is nearly full. */
export async function assertRoom(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  if (bavail * bsize >= leftFree) return
  throw new UserError('no-room', `only ${formatSize(bavail * bsize)} of the disk are free, too little to go on`, {
    hint: 'docker system df shows what takes it; nothing was changed',
  })
}

/** What comes in, for as long as there is room: whatever an archive unpacks to cannot fill the disk. */
export function guarded(content: AsyncIterable<Uint8Array>, path: string): Readable {
  return Readable.from(
    (async function* () {
      let since = every
      for await (const piece of content) {
        since += piece.length
        if (since >= every) {
          await assertRoom(path)
          since = 0
        }
        yield piece
      }
    })(),
  )
}
