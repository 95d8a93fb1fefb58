import { Readable } from 'node:stream'
import { UserError } from '#lib/errors.ts'

/** The first line of what comes in, and the rest of it. */
export async function firstLine(stdin: Readable): Promise<{ line: string; rest: Readable }> {
  const chunks = stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let held: Buffer = Buffer.alloc(0)
  let end = -1
  while (end < 0 && held.length < 65_536) {
    const next = await chunks.next()
    if (next.done) break
    held = Buffer.concat([held, next.value])
    end = held.indexOf('\n')
  }
  if (end < 0 && held.length === 0)
    throw new UserError('backup-locked', 'no passphrase or identity came in', { hint: 'it is the first line of standard input' })
  const line = held.subarray(0, end < 0 ? held.length : end)
  const rest = Readable.from(
    (async function* () {
      if (end >= 0 && end + 1 < held.length) yield held.subarray(end + 1)
      yield* { [Symbol.asyncIterator]: () => chunks }
    })(),
  )
  return { line: line.toString().trim(), rest }
}
