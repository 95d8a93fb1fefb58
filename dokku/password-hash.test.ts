import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { passwordHash } from './password-hash.ts'

test('a password with any bytes is hashed whole, with a salt of its own', async () => {
  for (const password of ['s3cr$t', ':\'"\\}; {', 'ü €', '-6', ' '.repeat(3), 'x'.repeat(256)]) {
    const hash = await passwordHash(password)
    assert.match(hash, /^\$6\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{86}$/)
    const [, , salt = ''] = hash.split('$')
    const { stdout } = await run(['openssl', 'passwd', '-6', '-salt', salt, '-stdin'], { input: `${password}\n` })
    assert.equal(stdout.trim(), hash)
    assert.notEqual(await passwordHash(password), hash)
  }
})

test('a password that would be cut short is refused', async () => {
  for (const password of ['', 'a\nb', 'a\0b', 'a\r', 'x'.repeat(257)])
    await assert.rejects(passwordHash(password), { code: 'bad-password' })
})
