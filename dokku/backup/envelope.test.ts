import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { newSealKey } from '#lib/seal.ts'
import { checkRecipients, disclose, enclose, lockText, unlockText } from './envelope.ts'
import { openSecrets, packSecrets } from './secret-part.ts'

const text = Buffer.from('backup/0000000.zst '.repeat(100_000))
const identity = await generateIdentity()
const recipient = await identityToRecipient(identity)
const made = async (lock?: Parameters<typeof enclose>[1]) => await buffer(await enclose(Readable.from([text]), lock))
const read = async (bytes: Uint8Array, keys: string[] = []) => await buffer(await disclose(Readable.from([bytes]), keys))

test('what was enclosed comes back, as it is, or locked by a passphrase or by recipients', async () => {
  const plain = await made()
  assert.deepEqual(await read(plain), text)
  const [byPhrase, byKey] = [await made({ passphrase: 'a long passphrase' }), await made({ recipients: [recipient] })]
  assert.deepEqual(await read(byPhrase, ['a long passphrase']), text)
  assert.deepEqual(await read(byKey, ['of another backup', identity.toLowerCase()]), text)
  for (const [bytes, keys] of [
    [byPhrase, ['another passphrase']],
    [byPhrase, []],
    [byKey, [await generateIdentity()]],
    [byKey, ['a long passphrase']],
  ] as const)
    await assert.rejects(read(bytes, [...keys]), { code: 'backup-locked' })
})

test('what was changed or cut off is no backup, wherever it was', async () => {
  const locked = await made({ recipients: [recipient] })
  for (const at of [locked.length - 1, locked.length - 40]) {
    const changed = Buffer.from(locked)
    changed[at] = (changed[at] ?? 0) ^ 1
    await assert.rejects(read(changed, [identity]))
  }
  await assert.rejects(read(locked.subarray(0, -20), [identity]))
  for (const foreign of ['', 'x', 'PK\x03\x04 a zip']) await assert.rejects(read(Buffer.from(foreign)), { code: 'broken-archive' })
})

test('recipients are checked before anything is locked for them', () => {
  assert.deepEqual(checkRecipients(`${recipient}, ${recipient}`), [recipient, recipient])
  assert.throws(() => checkRecipients('age1nobody'), { code: 'bad-backup-setting' })
})

test('keys of secrets are in it for whoever opens the lock, or for everybody', async () => {
  const keys = [newSealKey(), newSealKey()]
  const lock = { recipients: [recipient] }
  const hostKeys = Buffer.from('a tar')
  const wrapped = await packSecrets({ keys, hostKeys }, 'wrapped', lock)
  for (const { bytes } of keys) assert.ok(!wrapped.toString().includes(bytes.toString('base64')))
  assert.deepEqual(await openSecrets(wrapped, [identity]), { keys, hostKeys, deployKey: Buffer.alloc(0) })
  await assert.rejects(openSecrets(wrapped, []), { code: 'backup-locked' })
  const plain = await packSecrets({ keys }, 'plain', lock)
  assert.deepEqual((await openSecrets(plain, [])).keys, keys)
  await assert.rejects(openSecrets(Buffer.from('{"kind":"plain","content":"{}"}'), []), { code: 'broken-archive' })
  assert.equal(await unlockText(await lockText('short', lock), [identity]), 'short')
})
