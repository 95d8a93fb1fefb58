import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasCode } from '#lib/errors.ts'
import { keptLine, type LogLine, readKept } from './line.ts'

const block = 64 * 1024

/** Writes lines to a file whole, and of more bytes than may be the last lines; answers how many bytes there are. */
export async function writeLines(path: string, lines: AsyncIterable<LogLine>, most: number): Promise<number> {
  const unfinished = `${path}.new`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await pipeline(Readable.from(inBlocks(lines)), createWriteStream(unfinished, { mode: 0o600 }))
    const { size } = await stat(unfinished)
    if (size <= most) await rename(unfinished, path)
    else await copyEnd(unfinished, path, size - most)
    return Math.min(size, (await stat(path)).size)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** The last lines of a file, in order; reads no more of it than they take. None of a file that is gone. */
export async function lastLinesOf(path: string, count: number): Promise<LogLine[]> {
  const file = await openIfThere(path)
  if (file === undefined) return []
  try {
    let { size: from } = await file.stat()
    let end: Buffer = Buffer.alloc(0)
    let found = 0
    // One more line end than lines: the first of them may be cut.
    while (from > 0 && found <= count) {
      const length = Math.min(block, from)
      from -= length
      const { buffer } = await file.read({ buffer: Buffer.alloc(length), position: from })
      for (const byte of buffer) if (byte === 10) found += 1
      end = Buffer.concat([buffer, end])
    }
    const lines = end.toString('utf8').split('\n').slice(0, -1).slice(-count)
    return count === 0 ? [] : lines.flatMap((line) => readKept(line) ?? [])
  } finally {
    await file.close()
  }
}

/** All lines of a file, one after the other. */
export async function* allLinesOf(path: string): AsyncGenerator<LogLine> {
  const file = await openIfThere(path)
  if (file === undefined) return
  let rest: Buffer = Buffer.alloc(0)
  // Not readline: to it, other characters end lines too.
  for await (const chunk of file.createReadStream() as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(10)
    rest = bytes.subarray(end + 1)
    for (const text of bytes.toString('utf8', 0, Math.max(end, 0)).split('\n')) {
      const line = readKept(text)
      if (line !== undefined) yield line
    }
  }
}

async function openIfThere(path: string) {
  return await open(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
}

async function* inBlocks(lines: AsyncIterable<LogLine>): AsyncGenerator<string> {
  let text = ''
  for await (const line of lines) {
    text += keptLine(line)
    if (text.length < block) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

/** What comes after so many bytes, from the next whole line on. */
async function copyEnd(from: string, to: string, skipped: number): Promise<void> {
  const cut = `${to}.cut`
  let begun = false
  const whole = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      const at = begun ? 0 : chunk.indexOf(10) + 1
      if (!begun && at === 0) continue
      begun = true
      yield chunk.subarray(at)
    }
  }
  await pipeline(createReadStream(from, { start: skipped }), whole, createWriteStream(cut, { mode: 0o600 }))
  await rename(cut, to)
}
