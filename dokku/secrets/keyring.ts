import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, UserError } from '#lib/errors.ts'
import { isThere, writeWhole } from '#lib/files.ts'
import { newSealKey, type SealKey, sealKey } from '#lib/seal.ts'

/** The keys of an instance, by their ids: those on its volume, and one that it was given. */
export interface Keyring {
  readonly keys: Map<string, SealKey>
  /** Handed in by environment or file: then it is the one that seals, and nothing of it is written. */
  readonly given: SealKey | undefined
  /** Where the others are. */
  readonly folder: string
}

/** The keys there are. UserError `bad-setting` for one that is given and is none, `bad-seal-key` for a file that holds none. */
export async function readKeyring(dataDir: string, env: NodeJS.ProcessEnv): Promise<Keyring> {
  const folder = join(dataDir, 'secrets')
  const keys = new Map<string, SealKey>()
  const names = (await isThere(folder)) ? (await readdir(folder)).filter((name) => name.endsWith('.key')) : []
  for (const name of names.sort()) {
    const key = readKey(await readFile(join(folder, name), 'utf8'))
    if (key === undefined)
      throw new UserError('bad-seal-key', `${join(folder, name)} holds no key of secrets`, { hint: 'put it back from where it is kept' })
    keys.set(key.id, key)
  }
  const given = await givenKey(env)
  const before = keyIn(env, 'DOKKU_SECRETS_KEY_OLD')
  for (const key of [before, given]) if (key !== undefined) keys.set(key.id, key)
  return { keys, given, folder }
}

/** A new key, which is on the disk when this answers. */
export async function addKey({ keys, folder }: Keyring): Promise<SealKey> {
  const key = newSealKey()
  await writeWhole(keyFile(folder, key), `${key.bytes.toString('base64')}\n`)
  keys.set(key.id, key)
  return key
}

/** Removes all keys from the volume but one. */
export async function forgetOthers({ keys, folder }: Keyring, kept: SealKey): Promise<void> {
  for (const key of [...keys.values()].filter(({ id }) => id !== kept.id)) {
    await rm(keyFile(folder, key), { force: true })
    keys.delete(key.id)
  }
}

const keyFile = (folder: string, { id }: SealKey) => join(folder, `${id}.key`)

async function givenKey(env: NodeJS.ProcessEnv): Promise<SealKey | undefined> {
  const { DOKKU_SECRETS_KEY_FILE: file } = env
  if (env.DOKKU_SECRETS_KEY || !file) return keyIn(env, 'DOKKU_SECRETS_KEY')
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UserError('bad-setting', `DOKKU_SECRETS_KEY_FILE=${file} cannot be read: ${messageOf(cause)}`, { cause })
  })
  return readKey(content) ?? bad(`DOKKU_SECRETS_KEY_FILE=${file} holds`)
}

function keyIn(env: NodeJS.ProcessEnv, name: string): SealKey | undefined {
  const text = env[name]
  return text ? (readKey(text) ?? bad(`${name} is`)) : undefined
}

/** 32 bytes in base64 or hex. */
function readKey(text: string): SealKey | undefined {
  const line = text.trim()
  if (/^[0-9a-f]{64}$/i.test(line)) return sealKey(Buffer.from(line, 'hex'))
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(line) ? sealKey(Buffer.from(line, 'base64')) : undefined
}

/** Never shows it. */
function bad(what: string): never {
  throw new UserError('bad-setting', `${what} no key: 32 bytes in base64 or hex are expected`, {
    hint: 'openssl rand -base64 32 makes one',
  })
}
