import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { isOurs, type Key, readOldLine, renderLine } from './line.ts'

/** How long somebody else may be changing the same keys, in milliseconds: it takes moments. */
const patience = 10_000

/** The keys of a home. One that has none of ours yet has those that Dokku's sshcommand left in its `authorized_keys`. */
export async function readKeys(home: string): Promise<Key[]> {
  const path = join(home, stateFile)
  const state = await readIfThere(path)
  if (state !== undefined) return parseState(state, path)
  return (await readLines(home)).map(readOldLine).filter((key) => key !== undefined)
}

/** Lines of `authorized_keys` that somebody else wrote: they let in whom they let in, and we neither list nor remove them. */
export async function strangeLines(home: string): Promise<string[]> {
  const adopted = (await readIfThere(join(home, stateFile))) === undefined
  return (await readLines(home)).filter((line) => !isOurs(line) && !(adopted && readOldLine(line) !== undefined))
}

/** Changes the keys of a home, alone, and has sshd follow; what it reads is replaced whole, and what others wrote there stays. */
export async function changeKeys(home: string, program: readonly string[], change: (keys: Key[]) => Key[]): Promise<void> {
  await mkdir(join(home, '.ssh'), { recursive: true, mode: 0o700 })
  await chmod(join(home, '.ssh'), 0o700)
  // Loaded only here: a login changes nothing.
  const { lock } = await import('#lib/lock.ts')
  const held = lock(join(home, '.ssh/sshcommand.lock'), patience)
  if (held === undefined) throw new UserError('keys-busy', `another process is changing the keys in ${home}`, { hint: 'try again' })
  try {
    const strange = await strangeLines(home)
    const keys = change(await readKeys(home))
    // What was compiled at one login is there at the next, which then takes half the time; only its own account may write it.
    const cached = ['env', `NODE_COMPILE_CACHE=${join(home, '.cache/sshcommand')}`, ...program]
    const lines = [...strange, ...keys.map((key) => renderLine(key, cached))]
    // The state first: it is what a login looks at, whichever lines sshd still has.
    await writeWhole(join(home, stateFile), `${JSON.stringify({ keys }, undefined, 2)}\n`)
    await writeWhole(join(home, sshdFile), lines.map((line) => `${line}\n`).join(''))
  } finally {
    held.release()
  }
}

const stateFile = '.ssh/sshcommand.json'
const sshdFile = '.ssh/authorized_keys'

async function readLines(home: string): Promise<string[]> {
  return ((await readIfThere(join(home, sshdFile))) ?? '').split('\n').filter((line) => line.trim() !== '')
}

function parseState(text: string, path: string): Key[] {
  try {
    const state: unknown = JSON.parse(text)
    if (isRecord(state) && Array.isArray(state.keys) && state.keys.every(isKey)) return state.keys
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UserError('damaged-keys', `${path} is damaged`, { hint: 'put back a copy; without the file, keys are added anew' })
}

function isKey(value: unknown): value is Key {
  const fields = ['name', 'fingerprint', 'options', 'type', 'base64', 'comment']
  return isRecord(value) && fields.every((field) => typeof value[field] === 'string')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
