import { Readable } from 'node:stream'
import { Decrypter, Encrypter } from 'age-encryption'
import { messageOf, UserError } from '#lib/errors.ts'
import { peek } from '#lib/peek.ts'
import { manifestPart } from './manifest.ts'
import { broken } from './parts.ts'

/** Who may open it: whoever knows a passphrase, or has the identity of one of these age recipients. */
export type Lock = { passphrase: string } | { recipients: readonly string[] }

/** Passphrases and age identities to try. */
export type Keys = readonly string[]

type WebBytes = ReadableStream<Uint8Array>

/** A tar as an archive is kept: encrypted as `age` does it where there is a lock. */
export async function enclose(tar: Readable, lock: Lock | undefined): Promise<Readable> {
  return lock === undefined ? tar : fromWeb(await encrypterFor(lock).encrypt(toWeb(tar)))
}

/** The tar in an archive. UserError `backup-locked` when no key opens it, `broken-archive` for what is none. */
export async function disclose(archive: Readable, keys: Keys): Promise<Readable> {
  const { magic, whole } = await peek(archive).catch((cause: unknown) => {
    throw cause instanceof UserError ? cause : broken(messageOf(cause), cause)
  })
  if (magic === 'ag') return fromWeb(await opened(() => decrypterFor(keys).decrypt(toWeb(whole))))
  if (magic === manifestPart.slice(0, 2)) return whole
  whole.destroy()
  throw broken('it is neither a backup nor one that age encrypted')
}

/** A short secret, such as a key, for whoever may open it; base64. */
export async function lockText(text: string, lock: Lock): Promise<string> {
  return Buffer.from(await encrypterFor(lock).encrypt(text)).toString('base64')
}

/** UserError `backup-locked`. */
export async function unlockText(locked: string, keys: Keys): Promise<string> {
  return await opened(() => decrypterFor(keys).decrypt(Buffer.from(locked, 'base64'), 'text'))
}

/** Refuses what is no age recipient: UserError `bad-backup-setting`. */
export function checkRecipients(text: string): string[] {
  const recipients = text.split(/[\s,]+/).filter((one) => one !== '')
  for (const one of recipients)
    try {
      new Encrypter().addRecipient(one)
    } catch (cause) {
      throw new UserError('bad-backup-setting', `${JSON.stringify(one.slice(0, 80))} is no age recipient`, {
        hint: 'age-keygen makes an identity and prints its recipient: age1…',
        cause,
      })
    }
  return recipients
}

function encrypterFor(lock: Lock): Encrypter {
  const encrypter = new Encrypter()
  if ('passphrase' in lock) encrypter.setPassphrase(lock.passphrase)
  else for (const recipient of lock.recipients) encrypter.addRecipient(recipient)
  return encrypter
}

function decrypterFor(keys: Keys): Decrypter {
  const decrypter = new Decrypter()
  for (const key of keys)
    if (/^AGE-SECRET-KEY-/i.test(key)) decrypter.addIdentity(key.toUpperCase())
    else decrypter.addPassphrase(key)
  return decrypter
}

async function opened<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (cause) {
    throw new UserError('backup-locked', `no key that was given opens the backup (${messageOf(cause)})`, {
      hint: 'give its passphrase, or the age identity of one of its recipients: --unlock',
      cause,
    })
  }
}

function toWeb(stream: Readable): WebBytes {
  return Readable.toWeb(stream) as WebBytes
}

function fromWeb(stream: WebBytes): Readable {
  return Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0])
}
