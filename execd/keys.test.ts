import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authorizedKeys } from './keys.ts'

/** Made with ssh-keygen, with the fingerprint that `ssh-keygen -lf` prints. */
const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII0Ht4dYMKuSy6WGjQUOE1oBddCMXEnXPnVtj3mXSDXO'
const fingerprint = 'SHA256:LtfsT/3Lu1k7kWpuOV8T/lN/M+0VPftJPACz3QW9avc'

test('authorizedKeys lets a key do nothing but call, under its name', () => {
  const keys = [
    { name: 'alice', publicKey: ed25519, fingerprint },
    { name: 'bob@example.com', publicKey: `${ed25519} laptop`, fingerprint },
  ]
  assert.equal(
    authorizedKeys(keys),
    `restrict,pty,environment="DOKKU_USER=alice",environment="DOKKU_FINGERPRINT=${fingerprint}" ${ed25519} alice
restrict,pty,environment="DOKKU_USER=bob@example.com",environment="DOKKU_FINGERPRINT=${fingerprint}" ${ed25519} bob@example.com
`,
  )
  assert.equal(authorizedKeys([]), '')
})

for (const name of ['', 'a b', 'a"b', 'a\\b', 'a\nb', 'a\0b', 'a\u2028b'])
  test(`authorizedKeys refuses the name ${JSON.stringify(name)}`, () => {
    assert.throws(() => authorizedKeys([{ name, publicKey: ed25519, fingerprint }]), /cannot be the name/)
  })

test('authorizedKeys refuses a key that is not the one of its fingerprint', () => {
  assert.throws(() => authorizedKeys([{ name: 'alice', publicKey: ed25519, fingerprint: 'SHA256:other' }]), /not SHA256:other/)
})
