import { type FSWatcher, watch } from 'node:fs'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from '#lib/errors.ts'

/** How many files of a log there are, the one that is written included. */
const files = 4
/** nginx writes once a second; so often it is looked whether there is more. */
const lookMs = 250

/** Makes the folder of the logs. */
export async function prepareLogs(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o711 })
}

/** Puts a log aside once it is longer than `most` bytes, and has nginx begin a new one. Answers how to end that. */
export function rotating(
  dir: string,
  names: readonly string[],
  most: number,
  reopen: () => void,
  warn: (text: string) => void,
): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    timer = undefined
    for (const name of names) if ((await sizeOf(`${dir}/${name}`)) > most) await putAside(`${dir}/${name}`, reopen)
  }
  const soon = () => {
    timer ??= setTimeout(() => look().catch((error: unknown) => warn(`a log cannot be put aside: ${String(error)}`)), 1000).unref()
  }
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(dir, soon)
    watcher.on('error', () => undefined).unref()
  } catch (error) {
    warn(`logs are not put aside: ${String(error)}`)
  }
  soon()
  return {
    close: () => {
      watcher?.close()
      clearTimeout(timer)
    },
  }
}

async function putAside(path: string, reopen: () => void): Promise<void> {
  for (let age = files - 1; age >= 1; age--)
    await rename(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error
    })
  reopen()
}

/** The last lines of a log that are wanted, oldest first. */
export async function lastLines(path: string, count: number, wanted: (line: string) => boolean): Promise<string[]> {
  let found: string[] = []
  for (let age = 0; age < files && found.length < count; age++) {
    const lines: string[] = []
    for await (const line of linesOf(age === 0 ? path : `${path}.${age}`)) {
      if (!wanted(line)) continue
      lines.push(line)
      // Half of an array that grew to twice the count is thrown away at once.
      if (lines.length > 2 * count) lines.splice(0, lines.length - count)
    }
    found = [...lines, ...found].slice(-count)
  }
  return count === 0 ? [] : found
}

/** The lines that a log gets from now on, across files that are put aside, until the signal is aborted. */
export async function* newLines(path: string, wanted: (line: string) => boolean, signal: AbortSignal): AsyncGenerator<string> {
  let file = await openIfThere(path)
  let at = (await file?.stat())?.size ?? 0
  let rest = ''
  try {
    while (!signal.aborted) {
      const read = file === undefined ? '' : await readFrom(file, at)
      at += Buffer.byteLength(read, 'latin1')
      const lines = (rest + read).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (wanted(line)) yield Buffer.from(line, 'latin1').toString('utf8')
      if (read !== '') continue
      const inode = (await file?.stat())?.ino
      const now = await stat(path).catch(() => undefined)
      if (now !== undefined && now.ino !== inode) {
        await file?.close()
        file = await openIfThere(path)
        at = 0
      } else await sleep(lookMs, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await file?.close()
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await openIfThere(path)
  if (file === undefined) return
  try {
    yield* createInterface({ input: file.createReadStream({ encoding: 'utf8', autoClose: false }), crlfDelay: Number.POSITIVE_INFINITY })
  } finally {
    await file.close()
  }
}

async function openIfThere(path: string) {
  return await open(path, 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
}

/** Bytes one by one as characters: a character may be cut in two where nginx has stopped for now. */
async function readFrom(file: Awaited<ReturnType<typeof open>>, at: number): Promise<string> {
  const buffer = Buffer.alloc(64 * 1024)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
  return buffer.toString('latin1', 0, bytesRead)
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}
