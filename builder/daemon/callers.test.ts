import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { callers } from './callers.ts'

const dir = await mkdtemp(join(tmpdir(), 'builder-callers-'))
after(() => rm(dir, { recursive: true, force: true }))
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'
const another = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFdDNcF+pFHkNVDKA6SjGEqUa4yBuF3xaBkEJWIxSWcS'

test('callers lets in by any key of somebody, and by nobody’s', async () => {
  const known = callers(join(dir, 'keys'))
  assert.equal(await known.byKey(key), undefined)
  const fingerprint = await known.allowKey('alice', `${key} alice@laptop\n`)
  assert.match(fingerprint, /^SHA256:/)
  assert.equal(await known.byKey(another), undefined)
  await known.allowKey('alice', another)
  await known.allowKey('alice', another)
  assert.deepEqual(await known.byKey(key), { name: 'alice', fingerprint })
  assert.equal((await known.byKey(another))?.name, 'alice')
  assert.equal(await known.byKey(key.slice(0, -1)), undefined)
  assert.equal(await known.byKey(''), undefined)
  await known.forbid('alice')
  assert.equal(await known.byKey(key), undefined)
  await assert.rejects(known.forbid('alice'), { code: 'no-such-caller' })
})

test('callers lets in by a token of the name that it was made for, and keeps no token', async () => {
  const known = callers(join(dir, 'tokens'))
  const token = await known.allowToken('bob')
  const second = await known.allowToken('bob')
  assert.equal(await known.hasToken('bob', token), true)
  assert.equal(await known.hasToken('bob', second), true)
  for (const [name, tried] of [
    ['bob', ''],
    ['bob', `${token}x`],
    ['alice', token],
    ['', token],
    ['../tokens/bob', token],
  ] as const)
    assert.equal(await known.hasToken(name, tried), false, name)
  const file = join(dir, 'tokens/tokens/bob')
  assert.ok(!(await readFile(file, 'utf8')).includes(token))
  assert.equal((await stat(file)).mode & 0o777, 0o600)
})

test('callers takes no name that leads elsewhere, and no key that is none', async () => {
  const known = callers(join(dir, 'names'))
  for (const name of ['', '.', '..', '../x', 'a/b', '-x', 'a b', 'a\nb', 'x.new', 'x'.repeat(65)])
    await assert.rejects(known.allowToken(name), { code: 'bad-caller-name' }, JSON.stringify(name))
  await assert.rejects(known.allowKey('alice', 'no key'), { code: 'bad-public-key' })
  // What somebody lays beside the keys is not taken for one.
  await known.allowKey('alice', key)
  await writeFile(join(dir, 'names/keys/.hidden'), `${another}\n`)
  assert.equal(await known.byKey(another), undefined)
})
